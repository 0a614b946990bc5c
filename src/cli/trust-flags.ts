/** Whom to trust, by flags: a key, or an identity and who vouches for it. The names are cosign's. */

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Expected, TrustPolicy } from '../attest/index.ts';
import { SealerError } from '../error.ts';
import { collect, under } from './flags.ts';
import { readKeyFile } from './signing.ts';

export interface TrustFlags {
  readonly verifySignature?: boolean | undefined;
  /** A file. */
  readonly signatureKey?: string | undefined;
  readonly certificateIdentity?: string | undefined;
  readonly certificateIdentityRegexp?: string | undefined;
  readonly certificateOidcIssuer?: string | undefined;
  readonly certificateOidcIssuerRegexp?: string | undefined;
  /** Files. */
  readonly trustedRoot?: readonly string[] | undefined;
}

const SIGNATURES = 'Signatures:';

/** Declares the flags that say whom to trust. */
export function withTrust(command: Command): Command {
  return under(SIGNATURES, command, () =>
    command
      .option('--signature-key <file>', 'trust what this public key has signed (PEM, as cosign writes it)')
      .option('--certificate-identity <name>', 'trust what this workflow or person has signed without a key')
      .option('--certificate-identity-regexp <pattern>', 'the same for all whose whole name matches')
      .option('--certificate-oidc-issuer <url>', 'who has to vouch for that name')
      .option('--certificate-oidc-issuer-regexp <pattern>', 'the same by a pattern for the whole address')
      .option(
        '--trusted-root <file>',
        "sigstore's trusted root, to verify without internet (repeatable; default: that of the public sigstore is fetched)",
        collect,
      ),
  );
}

/** Declares `--verify-signature` and whom to trust, on commands that bring an image to hosts. */
export function withSignatureCheck(command: Command): Command {
  const flag = '--verify-signature';
  const what = 'refuse an image that nobody signed whom these flags trust, before it is used';
  return withTrust(under(SIGNATURES, command, () => command.option(flag, what)));
}

/**
 * The policy that flags ask for; undefined if they ask for none. Naming somebody to trust is asking for it.
 * @throws SealerError USAGE if it is not clear whom to trust; SIGNING_KEY_INVALID, TRUSTED_ROOT_INVALID
 */
export async function readTrust(flags: TrustFlags): Promise<TrustPolicy | undefined> {
  const { verifySignature = false, signatureKey, trustedRoot = [] } = flags;
  const identity = expected(flags.certificateIdentity, flags.certificateIdentityRegexp, 'certificate-identity');
  const issuer = expected(flags.certificateOidcIssuer, flags.certificateOidcIssuerRegexp, 'certificate-oidc-issuer');
  if (signatureKey !== undefined) {
    if (identity !== undefined || issuer !== undefined) throw usage('a key and an identity exclude each other');
    const { readPublicKey } = await import('../attest/index.ts');
    return { kind: 'key', key: readPublicKey(await readKeyFile(signatureKey), signatureKey) };
  }
  if (identity !== undefined && issuer !== undefined) {
    return { kind: 'identity', identity, issuer, trustedRoots: await Promise.all(trustedRoot.map(readRoot)) };
  }
  if (identity !== undefined) throw usage('an identity is worth what its issuer is: name that too');
  if (issuer !== undefined) throw usage('an issuer vouches for everybody: name the identity too');
  if (verifySignature || trustedRoot.length > 0) throw usage('nobody is named whose signature counts');
  return undefined;
}

function expected(exactly: string | undefined, pattern: string | undefined, flag: string): Expected | undefined {
  if (exactly !== undefined && pattern !== undefined) throw usage(`--${flag} and --${flag}-regexp exclude each other`);
  if (exactly !== undefined) return { exactly };
  if (pattern === undefined) return undefined;
  try {
    // Anchored: a pattern that may match anywhere in a name is met by names that others can choose.
    return { pattern: new RegExp(`^(?:${pattern})$`, 'u') };
  } catch (cause) {
    throw new SealerError('USAGE', `--${flag}-regexp is no regular expression: ${pattern}`, { cause });
  }
}

async function readRoot(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SealerError('TRUSTED_ROOT_INVALID', `The trusted root ${file} cannot be read`, { cause });
  }
}

function usage(why: string): SealerError {
  return new SealerError('USAGE', `It is not clear whom to trust: ${why}`, {
    hint: 'Write --signature-key FILE, or --certificate-identity and --certificate-oidc-issuer.',
  });
}

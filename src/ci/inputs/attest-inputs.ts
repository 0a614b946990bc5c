/** The inputs that say what to attach to an image, and whom to trust. */

import type { Signer } from '../../attest/index.ts';
import { openSigner, type TrustFlags } from '../../cli/index.ts';
import { maskLines } from '../mask-lines.ts';
import { parseList } from './lists.ts';
import { type ReadInput, readBoolean } from './read-input.ts';

export interface AttestInputs {
  readonly sbom: boolean;
  readonly provenance: boolean;
  readonly sign: boolean;
  /** The key itself; empty: the workflow signs as what it is. */
  readonly signingKey: string;
  readonly signingPassphrase: string;
}

/** Inputs whose white space at the ends belongs to them. */
export const SIGNING_SECRETS: ReadonlySet<string> = new Set(['signing-key', 'signing-passphrase']);

/**
 * Reads what to attach. A key is there to be used.
 * @param isBuild how an image was built is known to the build alone
 * @throws SealerError USAGE, naming the input
 */
export function readAttestInputs(read: ReadInput, isBuild: boolean): AttestInputs {
  const signingKey = read('signing-key');
  return {
    sbom: readBoolean(read, 'sbom', false),
    provenance: isBuild && readBoolean(read, 'provenance', false),
    sign: readBoolean(read, 'sign', signingKey.trim() !== ''),
    signingKey,
    signingPassphrase: read('signing-passphrase'),
  };
}

/** Masks key and passphrase. */
export function maskSigning({ signingKey, signingPassphrase }: AttestInputs, mask: (secret: string) => void): void {
  for (const secret of [signingKey, signingPassphrase]) maskLines(secret, mask);
}

/**
 * Who signs; undefined if nobody is to.
 * @throws SealerError SIGNING_KEY_INVALID, ID_TOKEN_MISSING
 */
export async function signerOf(inputs: AttestInputs, env: NodeJS.ProcessEnv): Promise<Signer | undefined> {
  if (!inputs.sign) return undefined;
  const { signingKey, signingPassphrase } = inputs;
  const given = {
    ...(signingKey.trim() === '' ? {} : { SEALER_SIGNING_KEY: signingKey }),
    ...(signingPassphrase === '' ? {} : { SEALER_SIGNING_PASSPHRASE: signingPassphrase }),
  };
  return await openSigner({ ...env, ...given }, { sign: true });
}

/** Reads whom to trust. */
export function readTrustInputs(read: ReadInput): TrustFlags {
  const text = (name: string): string | undefined => read(name).trim() || undefined;
  return {
    verifySignature: readBoolean(read, 'verify-signature', false),
    signatureKey: text('signature-key'),
    certificateIdentity: text('certificate-identity'),
    certificateIdentityRegexp: text('certificate-identity-regexp'),
    certificateOidcIssuer: text('certificate-oidc-issuer'),
    certificateOidcIssuerRegexp: text('certificate-oidc-issuer-regexp'),
    trustedRoot: parseList(read('trusted-root'), { comma: true }),
  };
}

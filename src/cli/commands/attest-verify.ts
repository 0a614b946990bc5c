/** `sealer attest verify` */

import { Command } from 'commander';
import type { VerifiedAttestation } from '../../attest/index.ts';
import { SealerError } from '../../error.ts';
import { type AttestedImage, attestationsOf, findAttested, subjectName } from '../attested-image.ts';
import type { CliContext } from '../context.ts';
import { describeSigner } from '../describe-attestations.ts';
import {
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { formatTable, printResult } from '../print.ts';
import { openSession, type Session } from '../session.ts';
import { readTrust, type TrustFlags, withTrust } from '../trust-flags.ts';
import { requireTrusted } from '../trusted-image.ts';

interface Flags extends OutputFlags, RegistryFlags, StoreFlags, TrustFlags {
  readonly remote?: boolean | undefined;
}

const EXAMPLES = `
Examples:
  sealer attest verify --signature-key cosign.pub registry.example.com/shop:v1
  sealer attest verify --certificate-identity https://github.com/me/shop/.github/workflows/release.yml@refs/heads/main \\
    --certificate-oidc-issuer https://token.actions.githubusercontent.com registry.example.com/shop:v1

Fails unless somebody whom the flags trust has signed the very digest that the name means. Needs no network for an image of
the store with a key, or with --trusted-root.`;

/** Declares `sealer attest verify`. */
export function attestVerifyCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(withTrust(new Command('verify')))))
    .description('Verify who signed an image, and what else they signed of it.')
    .argument('<image>', 'a name or digest')
    .option('--remote', 'ask the registry what the name means, whatever the store has')
    .addHelpText('after', EXAMPLES)
    .action(async (text: string, flags: Flags) => {
      const policy = await readTrust({ ...flags, verifySignature: true });
      if (policy === undefined) throw new SealerError('USAGE', 'Nobody is named whose signature counts');
      const { kindOf } = await import('../../attest/index.ts');
      const { signal } = context;
      await using session = await openSession(context, flags);
      const image = await findAttested(session, text, { remote: flags.remote === true, signal });
      const parts = image.parts.map(({ digest }) => digest);
      const { digest, from } = image;
      const { signatures, others } = await requireTrusted(session, { digest, policy, from, parts, signal });
      const all = [...signatures, ...others];
      const strangers = await differing(session, image, others, signal);
      const rows = all.map((each) => ({
        kind: kindOf(each.statement.predicateType),
        of: subjectName(image, each.subject),
        by: describeSigner(each.by),
        digest: each.digest,
      }));
      printResult(context, flags, { name: image.name, digest, verified: rows, notSigned: strangers }, () => {
        if (flags.quiet === true) return digest;
        const table = formatTable(
          ['VERIFIED', 'OF', 'SIGNED BY', 'ATTESTATION'],
          rows.map((row) => [row.kind, row.of, row.by, row.digest]),
        );
        const notes = strangers.map((each) => `${each} is an SBOM that is not what was signed`);
        return [`${image.name} ${digest}`, table, ...notes].join('\n');
      });
    });
}

/** SBOMs that lie beside a signed one and say something else: anybody who may push can put them there. */
async function differing(
  session: Session,
  image: AttestedImage & { readonly isHere: boolean },
  signed: readonly VerifiedAttestation[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { contentOf, SPDX_TYPE } = await import('../../attest/index.ts');
  const known = new Set(signed.map(({ subject, statement }) => `${subject} ${JSON.stringify(statement.predicate)}`));
  const found: string[] = [];
  for (const attached of await attestationsOf(session, image, signal)) {
    if (attached.type !== SPDX_TYPE || known.size === 0) continue;
    const text = (await contentOf(session.store, attached)).toString('utf8');
    if (!known.has(`${attached.subject} ${canonical(text)}`)) found.push(attached.digest);
  }
  return found;
}

function canonical(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

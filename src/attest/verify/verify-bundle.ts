/** One bundle against one policy. What comes back was signed by whom the policy trusts; of which image is asked elsewhere. */

import { verify } from 'node:crypto';
import { parseBundle, preAuthEncoding, type SignedBundle } from '../envelope/bundle.ts';
import { parseStatement, type Statement } from '../envelope/statement.ts';
import { keyHint } from '../sign/keys.ts';
import { invalid } from './invalid.ts';
import type { KeyPolicy, TrustPolicy } from './policy.ts';
import type { SignedBy } from './signed-by.ts';

export interface VerifiedStatement {
  readonly statement: Statement;
  readonly by: SignedBy;
}

/**
 * Verifies a bundle.
 * @throws SealerError SIGNATURE_INVALID if it is by somebody else, or was altered; TRUSTED_ROOT_INVALID
 */
export async function verifyBundle(bytes: Buffer, policy: TrustPolicy): Promise<VerifiedStatement> {
  const bundle = parseBundle(bytes);
  if (policy.kind === 'key') return verifyWithKey(bundle, policy);
  if (bundle.by === 'key') throw invalid('it was signed with a key, and an identity is expected');
  const { verifyIdentity } = await import('./verify-identity.ts');
  const by = await verifyIdentity(bundle, policy);
  return { statement: parseStatement(bundle.payload), by };
}

function verifyWithKey({ by, payload, payloadType, signature }: SignedBundle, { key }: KeyPolicy): VerifiedStatement {
  if (by === 'certificate') throw invalid('it was signed without a key, and a key is expected');
  const isSigned = verify('sha256', preAuthEncoding(payloadType, payload), { key, dsaEncoding: 'der' }, signature);
  // The hint of a bundle is not signed, so it says nothing.
  if (!isSigned) throw invalid(`it is not by the key ${keyHint(key)}, or it was altered`);
  return { statement: parseStatement(payload), by: { kind: 'key', key: keyHint(key) } };
}

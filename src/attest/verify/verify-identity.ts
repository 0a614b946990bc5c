/** Signatures without a key: the certificate's chain, its time, its log entries, and then whose it is. */

import type { SignedBundle } from '../envelope/bundle.ts';
import { invalid } from './invalid.ts';
import { describeExpected, type IdentityPolicy, isExpected } from './policy.ts';
import type { SignedBy } from './signed-by.ts';
import { readTrustedRoots, type TrustedRoot } from './trusted-root.ts';

/**
 * Verifies a bundle with a certificate.
 * @throws SealerError SIGNATURE_INVALID, TRUSTED_ROOT_INVALID
 */
export async function verifyIdentity({ json }: SignedBundle, policy: IdentityPolicy): Promise<SignedBy> {
  const { identity, issuer } = await verifyChain(json, policy);
  // Compared here and not by the library, which takes the expected identity for a pattern that may match anywhere.
  if (identity === undefined || !isExpected(policy.identity, identity)) {
    throw invalid(`it is by ${identity ?? 'nobody'}, and ${describeExpected(policy.identity)} is expected`);
  }
  if (issuer === undefined || !isExpected(policy.issuer, issuer)) {
    throw invalid(
      `${issuer ?? 'nobody'} vouches for ${identity}, and ${describeExpected(policy.issuer)} is expected to`,
    );
  }
  return { kind: 'identity', identity, issuer };
}

interface Found {
  readonly identity: string | undefined;
  readonly issuer: string | undefined;
}

/** One of the trusted roots has to be it; of several failures the last is told. */
async function verifyChain(json: unknown, policy: IdentityPolicy): Promise<Found> {
  const libraries = await import('../sigstore-libraries.ts');
  let failure: unknown;
  for (const root of await readTrustedRoots(policy.trustedRoots)) {
    try {
      const entity = libraries.toSignedEntity(libraries.bundleFromJSON(json));
      const verifier = new libraries.Verifier(libraries.toTrustMaterial(root), demandsOf(root));
      const signer = verifier.verify(entity);
      const { subjectAlternativeName: identity, extensions } = signer.identity ?? {};
      return { identity, issuer: extensions?.issuer };
    } catch (error) {
      failure = error;
    }
  }
  throw invalid(failure instanceof Error ? failure.message : 'there is no trusted root', failure);
}

/**
 * What a signature has to have, told by the root that is trusted and never by the signature: an entry in each kind of log
 * that the root has, and a time that somebody else has signed. GitHub's sigstore has timestamps and no logs.
 */
function demandsOf({ tlogs, ctlogs }: TrustedRoot): {
  readonly tlogThreshold: number;
  readonly ctlogThreshold: number;
  readonly timestampThreshold: number;
} {
  return { tlogThreshold: tlogs.length > 0 ? 1 : 0, ctlogThreshold: ctlogs.length > 0 ? 1 : 0, timestampThreshold: 1 };
}

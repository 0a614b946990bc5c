/** Whether somebody whom we trust has signed an image, and what of its attestations they have signed. */

import { type Problem, SealerError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import { isAbout } from '../envelope/statement.ts';
import { isBundleType, SIGNATURE_PREDICATE } from '../envelope/types.ts';
import { type Attached, attachedTo, contentOf } from '../referrers/attached.ts';
import type { TrustPolicy } from './policy.ts';
import { type VerifiedStatement, verifyBundle } from './verify-bundle.ts';

export interface VerifiedAttestation extends VerifiedStatement {
  /** Of its manifest. */
  readonly digest: Digest;
  readonly subject: Digest;
}

export interface VerifiedImage {
  /** What was verified. */
  readonly digest: Digest;
  /** At least one. */
  readonly signatures: readonly VerifiedAttestation[];
  /** Signed statements of other kinds: provenance, SBOM. */
  readonly others: readonly VerifiedAttestation[];
}

/**
 * Verifies an image by the attestations that the store has of it.
 * @param digest of the index or manifest that was signed
 * @param parts digests of manifests below it, whose attestations are verified as well
 * @throws SealerError SIGNATURE_MISSING if nobody has signed the digest; SIGNATURE_INVALID if only others have, or what they
 *   signed was altered: each reason is a problem; TRUSTED_ROOT_INVALID
 */
export async function verifyImage(
  store: Store,
  digest: Digest,
  policy: TrustPolicy,
  parts: readonly Digest[] = [],
): Promise<VerifiedImage> {
  const { verified, problems } = await verifyAttestations(store, [digest, ...parts], policy);
  const isSignature = ({ statement, subject }: VerifiedAttestation): boolean =>
    subject === digest && statement.predicateType === SIGNATURE_PREDICATE;
  const signatures = verified.filter(isSignature);
  if (signatures.length === 0) throw refusal(digest, problems);
  return { digest, signatures, others: verified.filter((each) => !isSignature(each)) };
}

/**
 * Verifies all signed attestations of some digests, each for itself.
 * @returns those that are right, and what is wrong with the others
 * @throws SealerError TRUSTED_ROOT_INVALID
 */
export async function verifyAttestations(
  store: Store,
  subjects: readonly Digest[],
  policy: TrustPolicy,
): Promise<{ readonly verified: readonly VerifiedAttestation[]; readonly problems: readonly Problem[] }> {
  const bundles = (await attachedTo(store, subjects)).filter(({ type }) => isBundleType(type));
  const verified: VerifiedAttestation[] = [];
  const problems: Problem[] = [];
  for (const bundle of bundles) {
    try {
      verified.push(await verifyAttached(store, bundle, policy));
    } catch (error) {
      if (!(error instanceof SealerError) || !REFUSALS.has(error.code)) throw error;
      problems.push({ code: 'SIGNATURE_INVALID', message: `${bundle.digest}: ${error.message}` });
    }
  }
  return { verified, problems };
}

/** What is wrong with one attestation, where another one may be right. */
const REFUSALS: ReadonlySet<string> = new Set([
  'SIGNATURE_INVALID',
  'DIGEST_MISMATCH',
  'IMAGE_NOT_FOUND',
  'INVALID_MANIFEST',
]);

async function verifyAttached(store: Store, attached: Attached, policy: TrustPolicy): Promise<VerifiedAttestation> {
  const verified = await verifyBundle(await contentOf(store, attached), policy);
  // A referrer says itself what it refers to; only what is signed counts.
  if (!isAbout(verified.statement, attached.subject)) {
    throw new SealerError('SIGNATURE_INVALID', 'A signature is for another image than the one it is attached to');
  }
  return { ...verified, digest: attached.digest, subject: attached.subject };
}

function refusal(digest: Digest, problems: readonly Problem[]): SealerError {
  const [first] = problems;
  if (first === undefined) {
    return new SealerError('SIGNATURE_MISSING', `Nobody has signed ${digest}`, {
      hint: 'Sign it with sealer push --sign, or cosign sign; or check that the name still means what was signed.',
    });
  }
  return new SealerError('SIGNATURE_INVALID', `No signature of ${digest} is to be trusted`, {
    hint: 'Nothing of the image was used. Check the key or identity that you expect, and who could have changed the image.',
    problems,
  });
}

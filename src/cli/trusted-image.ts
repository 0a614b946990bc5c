/** An image is verified before it is used: by the attestations of the store, or of the registry that it comes from. */

import type { TrustPolicy, VerifiedImage } from '../attest/index.ts';
import { SealerError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { Session } from './session.ts';

export interface TrustedImageOptions {
  readonly digest: Digest;
  readonly policy: TrustPolicy;
  /** Where else to look for signatures; undefined if only the store counts. */
  readonly from?: Reference | undefined;
  /** Manifests below the image whose attestations are verified as well. */
  readonly parts?: readonly Digest[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Verifies an image. What the store has is asked first, so that it works without a network; the registry only where that is not
 * enough. Attestations are small and content-addressed, so fetching them uses nothing of the image.
 * @throws SealerError SIGNATURE_MISSING, SIGNATURE_INVALID, TRUSTED_ROOT_INVALID, and what the registry throws
 */
export async function requireTrusted(
  { store, client, report }: Pick<Session, 'store' | 'client' | 'report'>,
  { digest, policy, from, parts, signal }: TrustedImageOptions,
): Promise<VerifiedImage> {
  const { verifyImage } = await import('../attest/index.ts');
  try {
    return await verifyImage(store, digest, policy, parts);
  } catch (error) {
    const mayBeElsewhere = error instanceof SealerError && /^SIGNATURE_(?:MISSING|INVALID)$/.test(error.code);
    if (!mayBeElsewhere || from === undefined) throw error;
  }
  const { pullReferrers } = await import('../registry/client/index.ts');
  await pullReferrers(client, store, from, [digest, ...(parts ?? [])], { signal, report });
  return await verifyImage(store, digest, policy, parts);
}

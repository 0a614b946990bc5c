/** Whether text that looks like a reference is one: its registry is asked, by a HEAD. */

import { type ImageSource, POSSIBLE_WITHIN, type ResolvedName } from '../../cluster-image/index.ts';
import type { NamedImage } from '../../discover/index.ts';
import { SealerError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatReference } from '../../oci/reference.ts';
import { inParallel } from '../../parallel.ts';

/** What a registry says: the digest, or why there is none. */
export type Confirmation = { readonly digest: Digest } | { readonly error: SealerError };

export interface ConfirmOptions {
  readonly source: Pick<ImageSource, 'resolve'>;
  /** By complete name what is known already, from archives of images. */
  readonly resolved: ReadonlyMap<string, ResolvedName>;
  readonly signal?: AbortSignal | undefined;
}

/** How many answers are waited for at once: most of the hosts are none. */
const ASKING = 64;

/**
 * Asks for each image what it is.
 * @returns by complete name
 * @throws the signal's reason
 */
export async function confirmImages(
  images: readonly NamedImage[],
  options: ConfirmOptions,
): Promise<ReadonlyMap<string, Confirmation>> {
  const answers = await inParallel(
    images,
    ASKING,
    async (image): Promise<[string, Confirmation]> => [formatReference(image.reference), await confirm(image, options)],
  );
  return new Map(answers);
}

async function confirm({ reference }: NamedImage, { source, resolved, signal }: ConfirmOptions): Promise<Confirmation> {
  const known = resolved.get(formatReference(reference));
  if (known !== undefined) return { digest: known.digest };
  try {
    return { digest: (await source.resolve(reference, signal, { reachWithin: POSSIBLE_WITHIN })).digest };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SealerError) return { error };
    throw error;
  }
}

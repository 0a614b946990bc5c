/** Whether text that looks like a reference is one: its registry is asked, by a HEAD. */

import type { ImageSource } from '../../cluster-image/index.ts';
import type { NamedImage } from '../../discover/index.ts';
import { SealerError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatReference } from '../../oci/reference.ts';

/** What a registry says: the digest, or why there is none. */
export type Confirmation = { readonly digest: Digest } | { readonly error: SealerError };

/** How many registries' answers are waited for at once. */
const ASKING = 16;

/**
 * Asks for each image what it is.
 * @returns by complete name
 * @throws the signal's reason
 */
export async function confirmImages(
  images: readonly NamedImage[],
  source: Pick<ImageSource, 'resolve'>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Confirmation>> {
  const answers = new Map<string, Confirmation>();
  const queue = [...images];
  const ask = async (): Promise<void> => {
    for (let image = queue.shift(); image !== undefined; image = queue.shift()) {
      answers.set(formatReference(image.reference), await confirm(image, source, signal));
    }
  };
  await Promise.all(Array.from({ length: Math.min(ASKING, images.length) }, ask));
  return answers;
}

async function confirm(
  { reference }: NamedImage,
  source: Pick<ImageSource, 'resolve'>,
  signal: AbortSignal | undefined,
): Promise<Confirmation> {
  try {
    return { digest: (await source.resolve(reference, signal)).digest };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SealerError) return { error };
    throw error;
  }
}

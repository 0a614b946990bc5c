/** Images of the store, as users name them: by reference, by digest, or by the first digits of a digest. */

import { SealerError } from '../error.ts';
import { baseReference } from '../oci/base-name.ts';
import { hexOf, isDigest } from '../oci/digest.ts';
import { familiarReference, formatReference, isReference, parseReference } from '../oci/reference.ts';
import type { NamedImage, Store } from '../oci/store/index.ts';

/** Fewer digits are more likely a short name than an ID. */
const MIN_DIGITS = 6;

/**
 * Finds an image of the store. One that has no name is called by its digest.
 * @throws SealerError IMAGE_NOT_FOUND, INVALID_REFERENCE
 */
export async function findImage(store: Store, text: string): Promise<NamedImage> {
  if (isReference(text)) {
    const name = formatReference(parseReference(text));
    const descriptor = await store.resolve(name);
    if (descriptor !== undefined) return { name, descriptor };
  }
  const [first] = await imagesByDigest(store, text);
  if (first !== undefined) return first;
  // Built without a name, for a push by digest.
  if (isDigest(text) && (await store.stat(text)) !== undefined) {
    return { name: text, descriptor: (await store.document(text)).descriptor };
  }
  throw imageNotFound(text);
}

/**
 * The complete name of a base image that is named in short (`k3s:v1.33`) and is not in the store under that very name; any
 * other text as it is.
 * @param registry where base images are; default: ours
 */
export async function completeBaseName(store: Store, text: string, registry?: string): Promise<string> {
  const base = baseReference(text, registry);
  if (base === undefined || (await store.resolve(formatReference(parseReference(text)))) !== undefined) return text;
  return formatReference(base);
}

/**
 * The names that a digest, or the first digits of one, belongs to; `name@digest` narrows to that name's repository.
 * @throws SealerError IMAGE_IN_USE when the digits fit several images
 */
export async function imagesByDigest(store: Store, text: string): Promise<readonly NamedImage[]> {
  const digits = /^(?:sha256:|sha512:)?([a-f0-9]+)$/.exec(text)?.[1];
  if (digits === undefined || digits.length < MIN_DIGITS) return [];
  const found = (await store.names()).filter(({ descriptor }) => hexOf(descriptor.digest).startsWith(digits));
  const digests = new Set(found.map(({ descriptor }) => descriptor.digest));
  if (digests.size > 1) {
    throw new SealerError('IMAGE_IN_USE', `${text} is the beginning of ${digests.size} digests`, {
      hint: `Write more digits: ${[...digests].join(', ')}.`,
    });
  }
  return found;
}

/**
 * The name to push an image to when nobody says another.
 * @throws SealerError USAGE for an image without a name
 */
export function ownName({ name }: Pick<NamedImage, 'name'>): string {
  if (!isDigest(name)) return name;
  throw new SealerError('USAGE', `${name} has no name in the store`, { hint: 'Say where to push it.' });
}

/** The error for an image that the store does not hold. */
export function imageNotFound(text: string): SealerError {
  const name = isReference(text) ? familiarReference(parseReference(text)) : text;
  return new SealerError('IMAGE_NOT_FOUND', `There is no image ${name} in the store`, {
    hint: 'sealer images lists what there is; sealer pull fetches from a registry.',
  });
}

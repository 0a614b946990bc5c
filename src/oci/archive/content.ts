/** What belongs to an image and is in the store, or what is missing for the image to be whole. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import type { Digest } from '../digest.ts';
import { isIndexType, isManifestType, isNondistributable } from '../media-types.ts';
import type { Store } from '../store/index.ts';
import { checkedSize } from '../whole-content.ts';

/**
 * Collects all content of an image, by digest. An index may lack manifests, for platforms that nobody wanted, as long as
 * it has one; a manifest may lack nothing but what its media type says is not distributed.
 * @param content is added to
 * @throws SealerError IMAGE_NOT_FOUND naming what is missing, DIGEST_MISMATCH, SIZE_MISMATCH
 */
export async function collectContent(store: Store, root: Descriptor, content: Map<Digest, number>): Promise<void> {
  await addContent(store, root, content);
  if (isIndexType(root.mediaType)) await collectIndex(store, root, content);
  else if (isManifestType(root.mediaType)) await collectManifest(store, root, content);
}

async function collectIndex(store: Store, root: Descriptor, content: Map<Digest, number>): Promise<void> {
  const document = await store.document(root.digest);
  if (document.kind !== 'index') throw disagrees(root);
  const { manifests } = document.index;
  let found = 0;
  for (const each of manifests) {
    if ((await store.stat(each.digest)) === undefined) continue;
    await collectContent(store, each, content);
    found++;
  }
  if (found === 0 && manifests[0] !== undefined) throw missing(manifests[0]);
}

async function collectManifest(store: Store, root: Descriptor, content: Map<Digest, number>): Promise<void> {
  const document = await store.document(root.digest);
  if (document.kind !== 'manifest') throw disagrees(root);
  await addContent(store, document.manifest.config, content);
  for (const layer of document.manifest.layers) {
    if (isNondistributable(layer.mediaType) && (await store.stat(layer.digest)) === undefined) continue;
    await addContent(store, layer, content);
  }
}

async function addContent(store: Store, descriptor: Descriptor, content: Map<Digest, number>): Promise<void> {
  const size = await checkedSize(store, descriptor);
  if (size === undefined) throw missing(descriptor);
  content.set(descriptor.digest, size);
}

function missing({ digest, mediaType }: Descriptor): SealerError {
  return new SealerError('IMAGE_NOT_FOUND', `The image is not whole: ${digest} (${mediaType}) is missing`, {
    hint: 'Pull, load or build the image again.',
  });
}

function disagrees({ digest, mediaType }: Descriptor): SealerError {
  return new SealerError('INVALID_MANIFEST', `${digest} is not what its media type ${mediaType} says`);
}

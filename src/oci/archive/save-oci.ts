/** An image layout as a tar: image-spec 1.1.1, image-layout.md. */

import type { Descriptor } from '../descriptor.ts';
import { algorithmOf, type Digest, hexOf } from '../digest.ts';
import { serialize } from '../manifest.ts';
import { OCI_INDEX } from '../media-types.ts';
import type { Platform } from '../platform.ts';
import { knownReferrers, REF_NAME_ANNOTATION, type Store } from '../store/index.ts';
import { collectContent } from './content.ts';
import { manifestFor } from './one-platform.ts';
import type { SavedImage } from './save.ts';
import type { ArchiveEntry } from './tar-writer.ts';

/** What containerd and `docker load` take for the complete name of an image. */
export const CONTAINERD_NAME_ANNOTATION = 'io.containerd.image.name';

/** The entries of an oci-archive, in no order. */
export async function ociArchive(
  store: Store,
  images: readonly SavedImage[],
  platform: Platform | undefined,
): Promise<ArchiveEntry[]> {
  const content = new Map<Digest, number>();
  const manifests: Descriptor[] = [];
  for (const image of images) {
    const root = platform === undefined ? image.descriptor : await manifestFor(store, image, platform);
    await collectContent(store, root, content);
    manifests.push(named(root, image.name));
  }
  await collectReferrers(store, content);
  const folders = new Set(['blobs/', ...Array.from(content.keys(), (digest) => `blobs/${algorithmOf(digest)}/`)]);
  return [
    inMemory('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    inMemory('index.json', serialize({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })),
    ...Array.from(folders, (path) => ({ path, size: 0 })),
    ...Array.from(content, ([digest, size]) => ({
      path: `blobs/${algorithmOf(digest)}/${hexOf(digest)}`,
      size,
      open: () => store.read(digest),
    })),
  ];
}

/**
 * Adds signatures, SBOMs and whatever else refers to the content. They are blobs that the index does not list (image-layout.md
 * allows that): a list of several manifests makes skopeo and podman ask which one is meant. `load` finds them by their subjects.
 */
async function collectReferrers(store: Store, content: Map<Digest, number>): Promise<void> {
  const referrers = await knownReferrers(store);
  const open = [...content.keys()];
  for (let subject = open.pop(); subject !== undefined; subject = open.pop()) {
    for (const referrer of referrers.get(subject) ?? []) {
      if (content.has(referrer.digest)) continue;
      const whole = new Map<Digest, number>();
      await collectContent(store, referrer, whole);
      for (const [digest, size] of whole) content.set(digest, size);
      open.push(referrer.digest);
    }
  }
}

/** An entry whose content is at hand. */
export function inMemory(path: string, bytes: Uint8Array): ArchiveEntry {
  async function* content(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return { path, size: bytes.byteLength, open: async () => content() };
}

function named(descriptor: Descriptor, name: string | undefined): Descriptor {
  if (name === undefined) return descriptor;
  // skopeo and podman go by the one, containerd and docker by the other.
  const names = { [CONTAINERD_NAME_ANNOTATION]: name, [REF_NAME_ANNOTATION]: name };
  return { ...descriptor, annotations: { ...descriptor.annotations, ...names } };
}

/** `save`: images of the store as one tar, for docker, podman, containerd, skopeo and for `load`. */

import type { Writable } from 'node:stream';
import { SealerError } from '../../error.ts';
import { type Report, silent } from '../../progress.ts';
import type { Descriptor } from '../descriptor.ts';
import type { Platform } from '../platform.ts';
import type { Store } from '../store/index.ts';
import { dockerArchive } from './save-docker.ts';
import { ociArchive } from './save-oci.ts';
import { type ArchiveEntry, writeTar } from './tar-writer.ts';

export type ArchiveFormat = 'oci-archive' | 'docker-archive';

export interface SavedImage {
  /** The complete name; without one the image can be found only by its digest. */
  readonly name?: string | undefined;
  readonly descriptor: Descriptor;
}

export interface SaveOptions {
  readonly format: ArchiveFormat;
  /** Save only what is for this platform. A docker-archive holds one platform; for an index with several it must be said. */
  readonly platform?: Platform | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

/**
 * Writes images to a stream, the same bytes for the same images. Nothing is written unless all their content is there.
 * @param sink is ended, or destroyed on an error
 * @returns the archive's size in bytes
 * @throws SealerError IMAGE_NOT_FOUND, PLATFORM_NOT_FOUND, INVALID_MANIFEST, DIGEST_MISMATCH
 */
export async function saveArchive(
  store: Store,
  images: readonly SavedImage[],
  sink: Writable,
  { format, platform, signal, report = silent }: SaveOptions,
): Promise<{ readonly size: number }> {
  if (images.length === 0) throw new SealerError('USAGE', 'There is no image to save');
  const plan = format === 'oci-archive' ? ociArchive : dockerArchive;
  const entries = sortEntries(await plan(store, images, platform, signal));
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const id = 'save';
  report({
    type: 'start',
    id,
    label: `saving ${images.length === 1 ? 'one image' : `${images.length} images`}`,
    unit: 'bytes',
    total,
  });
  try {
    const size = await writeTar(entries, sink, { signal, onBytes: (delta) => report({ type: 'advance', id, delta }) });
    report({ type: 'end', id, outcome: 'done' });
    return { size };
  } catch (error) {
    report({ type: 'end', id, outcome: signal?.aborted ? 'cancelled' : 'failed' });
    throw error;
  }
}

/** One order for all: the order of bytes. It also puts folders before what is in them. */
function sortEntries(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  return entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

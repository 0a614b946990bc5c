/** Archives of container images into the store, under no name: what is in them gets its name in a cluster image. */

import type { Readable } from 'node:stream';
import { SealerError } from '../error.ts';
import { loadArchive } from '../oci/archive/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Platform } from '../oci/platform.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import type { Store } from '../oci/store/index.ts';
import { type Report, silent } from '../progress.ts';
import { recallImport, rememberImport } from './import-memory.ts';
import { platformsOf } from './platforms-of.ts';

/**
 * A docker-archive or oci-archive, plain or compressed.
 *
 * One that lies in the rootfs is in the cluster image twice: as the file, and as the images that were taken from it. Who
 * does not want that keeps it outside the context and names it by `--image-archive`.
 */
export interface LocalArchive {
  /** How messages call it: its path in the rootfs, or the file as the user gave it. */
  readonly name: string;
  /** Opens its content; called only if that has to be read. */
  readonly open: () => Promise<Readable>;
  /**
   * Text that tells this content from any other: a digest, or what a file system says of a file. Nothing is read again if
   * content of the same identity was read before.
   */
  readonly identity?: string | undefined;
  /** Whether all its images are wanted, or only those that something else names. */
  readonly isWanted: boolean;
}

export interface ImportedImage {
  /** Undefined for an image that has no name in its archive. */
  readonly reference: Reference | undefined;
  readonly descriptor: Descriptor;
  /** What it is there for: all its content for these is in the store. */
  readonly platforms: readonly Platform[];
}

export interface ImportOptions {
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

/**
 * Brings the images of an archive into the store. Those of a docker-archive have no manifest there; one is made from the
 * config and the layers as they are, so that the same archive gives the same digests everywhere.
 * @throws SealerError CORRUPT_ARCHIVE, UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, DIGEST_MISMATCH, SIZE_MISMATCH,
 *   INVALID_MANIFEST, INVALID_REFERENCE, DISK_FULL; each names the archive
 */
export async function importArchive(
  store: Store,
  archive: LocalArchive,
  options: ImportOptions = {},
): Promise<{ readonly images: readonly ImportedImage[] }> {
  const { name, identity } = archive;
  const known = identity === undefined ? undefined : await recallImport(store, identity);
  if (known !== undefined) return { images: known };
  const images = await importStream(store, name, await archive.open(), options);
  if (identity !== undefined) await rememberImport(store, identity, images);
  return { images };
}

/**
 * The same for a stream that is read once.
 * @param name how messages and progress call it
 */
export async function importStream(
  store: Store,
  name: string,
  source: Readable,
  { signal, report = silent }: ImportOptions,
): Promise<readonly ImportedImage[]> {
  const id = `import ${name}`;
  try {
    const { images } = await loadArchive(source, store, {
      tag: false,
      signal,
      report: (event) => {
        if (event.type === 'start') report({ ...event, id, label: `reading ${name}` });
        else if ('id' in event) report({ ...event, id });
        else report(event);
      },
    });
    const imported: ImportedImage[] = [];
    for (const { name: text, descriptor } of images) {
      const reference = text === undefined ? undefined : parseReference(text);
      imported.push({ reference, descriptor, platforms: await platformsOf(store, descriptor) });
    }
    return imported;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof SealerError) || error.message.includes(name)) throw error;
    throw new SealerError(error.code, `${name}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

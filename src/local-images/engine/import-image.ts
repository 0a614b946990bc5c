/** What an engine exports, brought into the store: once for each image, and one after the other. */

import type { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../../oci/platform.ts';
import { familiarReference, formatReference, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { type ImportedImage, type ImportOptions, importStream } from '../import-archive.ts';
import { recallImport, rememberImport } from '../import-memory.ts';
import type { EngineImage } from './engine.ts';

export interface WantedExport {
  readonly kind: string;
  readonly image: EngineImage;
  readonly reference: Reference;
  readonly platform: Platform;
}

/** An archive on its way out of an engine. */
export interface Export {
  readonly stream: Readable;
  /** Ends when the engine says that it is done; fails if that was no success. */
  readonly done?: Promise<void> | undefined;
}

/**
 * Imports an image, unless it was imported before and is still in the store.
 * @throws SealerError ENGINE_ERROR, IMAGE_NOT_FOUND, PLATFORM_NOT_FOUND, and what importing an archive throws
 */
export async function importFromEngine(
  store: Store,
  wanted: WantedExport,
  options: ImportOptions,
  open: () => Promise<Export>,
): Promise<Descriptor> {
  const { kind, image, reference, platform } = wanted;
  const identity = ['engine', kind, image.id, image.name, formatPlatform(platform)].join(' ');
  const known = await recallImport(store, identity);
  const images = known ?? (await receive(store, wanted, options, open));
  const { descriptor, platforms } = choose(wanted, images);
  // An image that does not say what it is for is for all.
  if (platforms.length > 0 && !platforms.some((offered) => matchesPlatform(platform, offered))) {
    throw notForPlatform(kind, reference, platform, platforms.map(formatPlatform));
  }
  if (known === undefined) await rememberImport(store, identity, images);
  return descriptor;
}

/**
 * Refuses an image of which the engine says that it is for another platform, before it is moved.
 * @throws SealerError PLATFORM_NOT_FOUND
 */
export function checkPlatform(kind: string, image: EngineImage, reference: Reference, platform: Platform): void {
  if (image.platforms?.some((offered) => matchesPlatform(platform, offered)) !== false) return;
  throw notForPlatform(kind, reference, platform, image.platforms.map(formatPlatform));
}

function notForPlatform(
  kind: string,
  reference: Reference,
  platform: Platform,
  offered: readonly string[],
): SealerError {
  const name = familiarReference(reference);
  return new SealerError('PLATFORM_NOT_FOUND', `${kind} has ${name} not for ${formatPlatform(platform)}`, {
    hint: `It has it for ${offered.length === 0 ? 'no platform' : offered.join(', ')}. Build or pull it there with --platform=${formatPlatform(platform)}.`,
  });
}

async function receive(
  store: Store,
  { kind, reference }: WantedExport,
  options: ImportOptions,
  open: () => Promise<Export>,
): Promise<readonly ImportedImage[]> {
  const { stream, done } = await open();
  done?.catch(() => {});
  const label = `${familiarReference(reference)} of ${kind}`;
  try {
    const images = await importStream(store, label, stream, options);
    await done;
    return images;
  } catch (error) {
    options.signal?.throwIfAborted();
    // An engine that fails leaves half an archive; what it says tells more than that.
    await done;
    if (error instanceof SealerError) throw error;
    throw new SealerError('ENGINE_ERROR', `${kind} broke off while it gave ${familiarReference(reference)}`, {
      hint: 'Try again, and look into its log.',
      cause: error,
    });
  }
}

function choose({ kind, image, reference }: WantedExport, images: readonly ImportedImage[]): ImportedImage {
  const names = new Set([image.name, formatReference(reference)]);
  const same = images.find((each) => each.reference !== undefined && names.has(formatReference(each.reference)));
  const digests = new Set(images.map(({ descriptor }) => descriptor.digest));
  const found = same ?? (digests.size === 1 ? images[0] : undefined);
  if (found !== undefined) return found;
  throw new SealerError('IMAGE_NOT_FOUND', `${kind} gave an archive without ${familiarReference(reference)}`);
}

/** The blobs of container images: into the store, each once, the large ones inside the layer that will carry them. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import { familiarReference, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { isThere } from '../../oci/whole-content.ts';
import { inParallel } from '../../parallel.ts';
import type { Report } from '../../progress.ts';
import { findWrapped, rememberWrapped, wrapLocally, wrapperOf } from '../layers/wrapped-blob.ts';
import { type BundledLayer, LARGE_BLOB_BYTES } from './harvested.ts';
import type { ImageSource } from './image-source.ts';
import { isAboutOneImage } from './missing.ts';

/** How many blobs are under way at once; the client limits requests by host besides. */
const IN_FLIGHT = 8;

/** A blob and the images that need it: any of their repositories may give it. */
export interface WantedBlob {
  readonly descriptor: Descriptor;
  readonly references: readonly Reference[];
}

export interface BroughtBlobs {
  readonly layers: ReadonlyMap<Digest, BundledLayer>;
  readonly failures: ReadonlyMap<Digest, SealerError>;
  readonly moved: number;
  readonly reused: number;
}

export interface BlobBringer {
  readonly store: Store;
  readonly client: ImageSource;
  readonly offline: boolean;
  readonly signal: AbortSignal | undefined;
  readonly report: Report;
}

/** Brings blobs into the store. What fails for one blob does not keep the others from coming. */
export async function bringBlobs(bringer: BlobBringer, blobs: readonly WantedBlob[]): Promise<BroughtBlobs> {
  const layers = new Map<Digest, BundledLayer>();
  const failures = new Map<Digest, SealerError>();
  let moved = 0;
  let reused = 0;
  // The largest first: a large blob that begins last is waited for alone.
  const queue = [...blobs].sort((a, b) => b.descriptor.size - a.descriptor.size);
  await inParallel(queue, IN_FLIGHT, async (blob) => {
    const { digest, size } = blob.descriptor;
    try {
      const brought = await bring(bringer, blob);
      if (brought.layer !== undefined) layers.set(digest, brought.layer);
      moved += brought.moved;
      reused += Math.max(0, size - brought.moved);
    } catch (error) {
      bringer.signal?.throwIfAborted();
      if (!isAboutOneImage(error)) throw error;
      failures.set(digest, error);
    }
  });
  return { layers, failures, moved, reused };
}

interface Brought {
  readonly layer: BundledLayer | undefined;
  readonly moved: number;
}

async function bring(bringer: BlobBringer, blob: WantedBlob): Promise<Brought> {
  const { store, report, signal } = bringer;
  const { digest, size } = blob.descriptor;
  const isLarge = size >= LARGE_BLOB_BYTES;
  if (!(await isThere(store, blob.descriptor))) return fetchFromAny(bringer, blob, isLarge);
  const layer = isLarge
    ? ((await findWrapped(store, blob.descriptor)) ?? (await wrapLocally(store, blob.descriptor, signal)))
    : undefined;
  report({ type: 'start', id: digest, label: labelOf(blob), unit: 'bytes', total: size });
  report({ type: 'end', id: digest, outcome: 'cached', moved: 0 });
  return { layer, moved: 0 };
}

async function fetchFromAny(bringer: BlobBringer, blob: WantedBlob, isLarge: boolean): Promise<Brought> {
  let failure: unknown = notStored(blob);
  for (const reference of bringer.offline ? [] : blob.references) {
    try {
      return await fetch(bringer, blob, reference, isLarge);
    } catch (error) {
      bringer.signal?.throwIfAborted();
      if (!isAboutOneImage(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function fetch(bringer: BlobBringer, blob: WantedBlob, reference: Reference, isLarge: boolean): Promise<Brought> {
  const { store, client, report, signal } = bringer;
  const { digest, size } = blob.descriptor;
  let moved = 0;
  const onBytes = (delta: number) => {
    moved += delta;
    report({ type: 'advance', id: digest, delta });
  };
  report({ type: 'start', id: digest, label: labelOf(blob), unit: 'bytes', total: size });
  try {
    await using ingest = await store.ingest({
      digest,
      size,
      envelope: isLarge ? () => wrapperOf(blob.descriptor) : undefined,
      signal,
    });
    // What an earlier broken run fetched already.
    if (ingest.offset > 0) report({ type: 'advance', id: digest, delta: ingest.offset });
    await client.fetchBlob(reference, blob.descriptor, ingest, onBytes, signal);
    const ingested = await ingest.commit();
    const layer = isLarge ? await rememberWrapped(store, ingested) : undefined;
    report({ type: 'end', id: digest, outcome: 'done', moved });
    return { layer, moved };
  } catch (error) {
    report({ type: 'end', id: digest, outcome: signal?.aborted ? 'cancelled' : 'failed', moved });
    throw error;
  }
}

function labelOf({ descriptor, references: [first] }: WantedBlob): string {
  return `${first === undefined ? '' : `${familiarReference(first)} `}${shortDigest(descriptor.digest)}`;
}

function notStored({ descriptor }: WantedBlob): SealerError {
  return new SealerError(
    'IMAGE_NOT_FOUND',
    `The blob ${descriptor.digest} is not in the store, and offline no registry is asked`,
    {
      hint: 'Build once online.',
    },
  );
}

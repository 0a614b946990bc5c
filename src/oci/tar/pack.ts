/** Makes a layer of entries and puts it into the store, all in one pass. */

import { availableParallelism } from 'node:os';
import { createCompressor } from '../compress/chunk-compressor.ts';
import { type Compression, LAYER_TYPES } from '../compress/compression.ts';
import type { Descriptor } from '../descriptor.ts';
import { createDigester, type Digest } from '../digest.ts';
import type { Ingest, Store } from '../store/index.ts';
import type { TarEntry } from './entry.ts';
import { writeTar } from './write.ts';

export interface PackedLayer {
  readonly descriptor: Descriptor;
  /** The digest of the layer's uncompressed archive. */
  readonly diffId: Digest;
  readonly uncompressedSize: number;
}

export interface PackOptions {
  readonly compression: Compression;
  /** gzip: 1 to 9, default 6. zstd: 1 to 19, default 3. */
  readonly level?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs a layer. The same entries give the same digest on every machine, however fast and with however many cores. At
 * most 64 MiB are in memory.
 * @param entries sorted (`comparePaths`), with the folders that should be in the layer
 * @throws SealerError SOURCE_CHANGED when a file is no longer what its entry says, CANNOT_PACK, PERMISSION, and what
 *   the store throws
 */
export async function packLayer(
  entries: readonly TarEntry[],
  store: Pick<Store, 'ingest'>,
  options: PackOptions,
): Promise<PackedLayer> {
  const { compression, signal } = options;
  await using ingest = await store.ingest({ ...(signal === undefined ? {} : { signal }) });
  const { diffId, uncompressedSize } =
    compression === 'none'
      ? await packPlain(entries, ingest, signal)
      : await packCompressed(entries, ingest, { ...options, compression });
  const { digest, size } = await ingest.commit();
  return {
    descriptor: { mediaType: LAYER_TYPES[compression], digest, size },
    diffId: diffId ?? digest,
    uncompressedSize,
  };
}

/** Where a chunk ends is part of what a layer's digest depends on: another size gives other digests. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Chunks that are compressed at once: as libuv's four threads can, and no more than there are cores for. */
const MAX_IN_FLIGHT = Math.min(4, availableParallelism() + 1);

interface Packed {
  /** Without it, the digest of the blob is the one of the archive. */
  readonly diffId?: Digest;
  readonly uncompressedSize: number;
}

async function packPlain(
  entries: readonly TarEntry[],
  ingest: Ingest,
  signal: AbortSignal | undefined,
): Promise<Packed> {
  const memory = createMemory();
  let uncompressedSize = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for (const chunk of writeTar(entries, memory.borrow)) {
      signal?.throwIfAborted();
      uncompressedSize += chunk.byteLength;
      // While this chunk is on its way to the disk, the next is read.
      await writing;
      writing = watched(write(ingest, chunk).then(() => memory.giveBack(chunk)));
    }
    await writing;
  } finally {
    await Promise.allSettled([writing]);
  }
  return { uncompressedSize };
}

async function packCompressed(
  entries: readonly TarEntry[],
  ingest: Ingest,
  { compression, level, signal }: PackOptions & { readonly compression: 'gzip' | 'zstd' },
): Promise<Packed> {
  const compressor = createCompressor(compression, level);
  const digester = createDigester();
  const memory = createMemory();
  const inFlight: Promise<Uint8Array>[] = [];
  let uncompressedSize = 0;
  let writing: Promise<void> = watched(write(ingest, compressor.header));

  const writeOldest = async () => {
    const compressed = await inFlight.shift();
    await writing;
    if (compressed !== undefined) writing = watched(write(ingest, compressed));
  };

  try {
    for (const chunk of writeTar(entries, memory.borrow)) {
      signal?.throwIfAborted();
      const compressing = compressor.compress(chunk).then((compressed) => {
        memory.giveBack(chunk);
        return compressed;
      });
      inFlight.push(watched(compressing));
      uncompressedSize += chunk.byteLength;
      digester.update(chunk);
      if (inFlight.length >= MAX_IN_FLIGHT) await writeOldest();
    }
    while (inFlight.length > 0) await writeOldest();
    await writing;
    await write(ingest, compressor.trailer());
  } finally {
    await Promise.allSettled([...inFlight, writing]);
  }
  return { diffId: digester.digest(), uncompressedSize };
}

async function write(ingest: Ingest, bytes: Uint8Array): Promise<void> {
  if (bytes.byteLength > 0) await ingest.write(bytes);
}

/** A promise that is awaited later: that it fails before then is no unhandled rejection. */
function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** The chunks' memory, used again and again: left to the garbage collector, it would pile up. */
function createMemory(): { borrow(): Buffer; giveBack(chunk: Buffer): void } {
  const free: ArrayBufferLike[] = [];
  return {
    borrow: () => Buffer.from(free.pop() ?? new ArrayBuffer(CHUNK_BYTES)),
    giveBack: (chunk) => void free.push(chunk.buffer),
  };
}

/** Writing a tar of few, large entries to a stream. */

import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack, type Sink } from 'tar-stream';

export interface ArchiveEntry {
  /** A folder's ends with a slash. */
  readonly path: string;
  /** Bytes; must be right, since it is written first. */
  readonly size: number;
  /** Opens the content; folders have none. */
  readonly open?: (() => Promise<AsyncIterable<Uint8Array>>) | undefined;
}

/**
 * Writes entries in the order given; the same entries give the same bytes. The sink is ended, or destroyed on an error.
 * @param onBytes hears of content as it is written
 * @returns the archive's size in bytes
 */
export async function writeTar(
  entries: readonly ArchiveEntry[],
  sink: Writable,
  { signal, onBytes }: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (count: number) => void } = {},
): Promise<number> {
  const tar = pack();
  // Failures are seen by those who write and read; without a listener they would end the process.
  tar.on('error', () => {});
  let size = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of tar) {
      size += chunk.byteLength;
      yield chunk;
    }
  }
  const flowing = pipeline(bytes, sink, signal === undefined ? {} : { signal });
  const filling = fill(tar, entries, onBytes).catch((error) => {
    tar.destroy(error);
    throw error;
  });
  // If the sink fails, filling fails for that reason; so the sink's error is the one to tell.
  for (const result of await Promise.allSettled([flowing, filling])) {
    if (result.status === 'rejected') throw result.reason;
  }
  return size;
}

async function fill(tar: Pack, entries: readonly ArchiveEntry[], onBytes?: (count: number) => void): Promise<void> {
  for (const entry of entries) await writeEntry(tar, entry, onBytes);
  tar.finalize();
}

async function writeEntry(tar: Pack, entry: ArchiveEntry, onBytes?: (count: number) => void): Promise<void> {
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {});
  const type = entry.open === undefined ? 'directory' : 'file';
  const header = {
    name: entry.path,
    type,
    size: entry.size,
    mode: type === 'file' ? 0o644 : 0o755,
    mtime: new Date(0),
  } as const;
  const sink = tar.entry(header, (error) => (error ? done.reject(error) : done.resolve()));
  sink.on('error', () => {});
  if (entry.open !== undefined) {
    for await (const chunk of await entry.open()) {
      onBytes?.(chunk.byteLength);
      if (!sink.write(chunk)) await drained(sink);
    }
    sink.end();
  }
  await done.promise;
}

/** Waits until a sink takes more; if it was closed meanwhile, the next write or the entry's end tells why. */
function drained(sink: Sink): Promise<void> {
  if (sink.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  sink.once('drain', resolve);
  sink.once('close', resolve);
  return promise.finally(() => {
    sink.off('drain', resolve);
    sink.off('close', resolve);
  });
}

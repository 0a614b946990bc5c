/** Appending a body to a file and hashing it on the way: the hot path of every push. */

import type { FileHandle } from 'node:fs/promises';

/** Sockets give 64 KiB at a time; a write call for each costs more than gathering them. */
const BATCH_BYTES = 1024 * 1024;

/**
 * Writes pieces to a file at its end. What arrived before a failure is written before that failure is thrown.
 * @param onWritten told the bytes of each piece once they are in the file
 */
export async function writeChunks(
  file: FileHandle,
  position: number,
  body: AsyncIterable<Uint8Array>,
  onWritten: (chunk: Uint8Array) => void,
): Promise<void> {
  let at = position;
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let writing: Promise<void> = Promise.resolve();

  // One batch is written while the next one gathers, so that neither disk nor network waits for the other.
  const flush = async () => {
    await writing;
    const batch = gathered;
    const start = at;
    at += bytes;
    gathered = [];
    bytes = 0;
    if (batch.length > 0) writing = writeAll(file, batch, start).then(() => batch.forEach(onWritten));
    // A failure is thrown by whoever awaits next; until then nobody does.
    writing.catch(() => {});
  };

  try {
    for await (const chunk of body) {
      gathered.push(chunk);
      bytes += chunk.length;
      if (bytes >= BATCH_BYTES) await flush();
    }
  } finally {
    await flush();
    await writing;
  }
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let left = [...chunks];
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = dropFirst(left, bytesWritten);
  }
}

/** writev may write less than it is given. */
function dropFirst(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (skip < chunk.length) rest.push(skip === 0 ? chunk : chunk.subarray(skip));
    skip = Math.max(0, skip - chunk.length);
  }
  return rest;
}

/** Sending a part of a file, the hot path of every pull, or a stream. */

import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BufferPool } from './buffer-pool.ts';

/**
 * Writes bytes of a file as the body of a response whose headers are set, and ends it.
 * Ends early, without error, when the client goes away.
 * @param start first byte
 * @param length bytes; a file that turns out shorter breaks the connection, so that the client sees it
 */
export async function sendFile(
  response: ServerResponse,
  path: string,
  start: number,
  length: number,
  pool: BufferPool,
): Promise<void> {
  const file = await open(path);
  const buffers: [Buffer, Buffer] = [pool.take(), pool.take()];
  try {
    if (await pump(response, file, start, length, buffers)) response.end();
  } finally {
    // A socket that is gone may still hold the last buffer.
    for (const buffer of buffers) pool.release(buffer, !response.destroyed);
    await file.close();
  }
}

/** The same for a stream. */
export async function sendStream(response: ServerResponse, stream: Readable): Promise<void> {
  try {
    await pipeline(stream, response);
  } catch (error) {
    if (!response.destroyed) throw error;
  } finally {
    // A pipeline into what is destroyed already leaves its source open.
    stream.destroy();
  }
}

async function pump(
  response: ServerResponse,
  file: FileHandle,
  start: number,
  length: number,
  buffers: readonly [Buffer, Buffer],
): Promise<boolean> {
  let position = start;
  const end = start + length;
  let sent: Promise<boolean> = Promise.resolve(true);
  for (let turn = 0; position < end; turn++) {
    const buffer = turn % 2 === 0 ? buffers[0] : buffers[1];
    // The buffer's own last write is awaited one turn later, before it is filled again.
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - position), position);
    if (bytesRead === 0) {
      response.destroy();
      return false;
    }
    position += bytesRead;
    if (!(await sent)) return false;
    sent = write(response, buffer.subarray(0, bytesRead));
  }
  return sent;
}

/** Whether the bytes went out; false when the connection is gone. */
function write(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed || response.socket === null) return resolve(false);
    const gone = () => resolve(false);
    response.once('close', gone);
    response.write(bytes, (error) => {
      response.off('close', gone);
      resolve(error === undefined || error === null);
    });
  });
}

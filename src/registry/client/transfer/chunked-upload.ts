/** An upload in chunks (distribution-spec end-5, end-13): each goes on where the registry says that it stands. */

import { PassThrough, type Readable } from 'node:stream';
import { SealerError } from '../../../error.ts';
import { isTransientStatus, retryAfter, retrying, Transient } from '../http/retry.ts';
import type { Call } from '../http/session.ts';
import { type Answer, drain } from '../http/wire.ts';
import {
  FINISHING_IDLE,
  finish,
  readSession,
  type Upload,
  type UploadSession,
  uploadCall,
  withDigest,
} from './blob-upload.ts';

/** Below the 100 MB that are the usual limit in front of registries. */
const CHUNK_BYTES = 64 * 1024 * 1024;

/** Where an upload stands. */
interface Standing {
  readonly at: UploadSession;
  /** Bytes that the registry has. */
  readonly offset: number;
}

/**
 * Uploads in chunks, into a fresh session.
 * @returns `refused` where the registry does not know chunks (Google's, skopeo#1101) and the whole has to be tried
 */
export async function uploadChunks(upload: Upload, opened: UploadSession): Promise<'done' | 'refused'> {
  let reported = 0;
  const reportAt = (offset: number) => {
    if (offset !== reported) upload.options.onBytes?.(offset - reported);
    reported = offset;
  };
  const onBytes = (count: number) => reportAt(reported + count);
  try {
    return await chunkByChunk(upload, opened, reportAt, onBytes);
  } catch (error) {
    reportAt(0);
    throw error instanceof SessionLost ? new Transient(error.failure) : error;
  }
}

async function chunkByChunk(
  upload: Upload,
  opened: UploadSession,
  reportAt: (offset: number) => void,
  onBytes: (count: number) => void,
): Promise<'done' | 'refused'> {
  const { blob, session, options } = upload;
  const chunkBytes = Math.max(CHUNK_BYTES, opened.minChunk);
  let standing: Standing = { at: opened, offset: 0 };
  while (standing.offset < blob.size) {
    const before = standing.offset;
    let lost = false;
    const next = await retrying<Standing | 'refused'>(
      async () => {
        // After a failure only the registry knows how much arrived.
        if (lost) standing = await ask(upload, standing);
        lost = true;
        if (standing.offset >= blob.size) return standing;
        reportAt(standing.offset);
        return await sendChunk(upload, standing, chunkBytes, onBytes);
      },
      { timing: session.world.timing, signal: options.signal, progressed: () => standing.offset > before },
    );
    if (next === 'refused') {
      reportAt(0);
      return 'refused';
    }
    standing = next;
    reportAt(standing.offset);
  }
  const call: Call = {
    ...uploadCall(upload, 'PUT', withDigest(standing.at.location, blob.digest)),
    headers: { 'Content-Type': 'application/octet-stream' },
    body: { size: 0, open: () => new Uint8Array(0) },
    idleAfter: FINISHING_IDLE,
    retry: false,
  };
  await finish(upload, call, await session.send(call));
  return 'done';
}

async function sendChunk(
  upload: Upload,
  { at, offset }: Standing,
  chunkBytes: number,
  onBytes: (count: number) => void,
): Promise<Standing | 'refused'> {
  const { blob, session, source } = upload;
  const end = Math.min(offset + chunkBytes, blob.size) - 1;
  const call: Call = {
    ...uploadCall(upload, 'PATCH', at.location),
    headers: {
      'Content-Type': 'application/octet-stream',
      // Without the unit "bytes", as distribution-spec wants it.
      'Content-Range': `${offset}-${end}`,
    },
    body: {
      size: end - offset + 1,
      open: async () => cut(await source({ start: offset, end }), end - offset + 1),
      onBytes,
    },
    idleAfter: FINISHING_IDLE,
    retry: false,
  };
  const answer = await session.send(call);
  if (answer.status === 202 || answer.status === 201 || answer.status === 204) {
    drain(answer);
    return { at: nextSession(upload, answer, at), offset: received(answer) ?? end + 1 };
  }
  if (answer.status === 416) {
    drain(answer);
    throw new Transient(await failed(upload, 'the registry has another part of it'), 0);
  }
  if ([404, 405, 400, 415, 501].includes(answer.status) && offset === 0) {
    drain(answer);
    return 'refused';
  }
  const failure = await session.failure(answer, call);
  throw isTransientStatus(answer.status) ? new Transient(failure, retryAfter(answer, session.world.timing)) : failure;
}

/** Not for the retries of one chunk: only a new upload helps. */
class SessionLost extends Error {
  readonly failure: Error;

  constructor(failure: Error) {
    super('the upload session is gone');
    this.failure = failure;
  }
}

/** end-13: how far an upload has come. */
async function ask(upload: Upload, { at }: Standing): Promise<Standing> {
  const call = uploadCall(upload, 'GET', at.location);
  const answer = await upload.session.send(call);
  if (![200, 202, 204].includes(answer.status)) {
    const failure = await upload.session.failure(answer, call);
    // distribution 2 throws a session away in which a chunk broke off; then all has to go out again, in a new one.
    throw answer.status === 404 ? new SessionLost(failure) : failure;
  }
  drain(answer);
  return { at: nextSession(upload, answer, at), offset: received(answer) ?? 0 };
}

/** An answer without address leaves the upload where it is. */
function nextSession(upload: Upload, answer: Answer, at: UploadSession): UploadSession {
  return answer.headers.location === undefined ? at : { ...readSession(upload, answer), minChunk: at.minChunk };
}

/** `Range: 0-<last byte>`; `0-0` is how distribution says "nothing". */
function received(answer: Answer): number | undefined {
  const range = /^(?:bytes=)?0-(\d+)$/.exec(String(answer.headers.range ?? ''))?.[1];
  if (range === undefined) return undefined;
  return range === '0' ? 0 : Number(range) + 1;
}

async function failed(upload: Upload, why: string): Promise<SealerError> {
  return new SealerError('REGISTRY_ERROR', `Cannot ${upload.doing}: ${why}`);
}

/** At most `size` bytes of a stream; the rest is not read. */
function cut(source: Readable, size: number): Readable {
  const out = new PassThrough();
  let left = size;
  source.on('data', (chunk: Buffer) => {
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    if (!out.write(part)) source.pause();
    if (left > 0) return;
    source.destroy();
    out.end();
  });
  out.on('drain', () => source.resume());
  out.on('close', () => source.destroy());
  source.on('end', () => out.end());
  source.on('error', (error) => out.destroy(error));
  return out;
}

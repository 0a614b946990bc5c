/**
 * Blobs go out (distribution-spec end-4 to end-6, end-11): not at all where they are there or can be mounted, else in
 * one piece, which every registry takes, else in chunks, for who limits the size of a request.
 */

import type { Readable } from 'node:stream';
import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import { isConnectionError } from '../http/failure.ts';
import { isTransientStatus, retryAfter, retrying, Transient } from '../http/retry.ts';
import type { Call, Session } from '../http/session.ts';
import { type Answer, drain } from '../http/wire.ts';
import { headerDigest } from '../manifests.ts';
import { uploadChunks } from './chunked-upload.ts';

/** Opens content, from a place on, or only a part (`end` is inclusive; who ignores it is cut). */
export type BlobSource = (range?: { start: number; end?: number }) => Promise<Readable>;

export interface UploadOptions {
  /** Repositories of the same registry that may have the blob; the first two are tried. */
  readonly mountFrom?: readonly string[] | undefined;
  /** Called as bytes go out; with a negative count when they have to go out again. */
  readonly onBytes?: ((count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An open upload session (the answer to end-4). */
export interface UploadSession {
  readonly location: URL;
  /** Bytes that a chunk must at least have (`OCI-Chunk-Min-Length`). */
  readonly minChunk: number;
}

/** One upload: what its steps have in common. */
export interface Upload {
  readonly session: Session;
  readonly repository: string;
  readonly blob: Descriptor;
  readonly source: BlobSource;
  readonly options: UploadOptions;
  readonly doing: string;
}

/** What a registry's front (a proxy, a CDN) has shown to take in one request; in memory, as long as the client lives. */
const smallestRefused = new WeakMap<Session, number>();
/** Large uploads are checked and moved by the registry after their last byte, which takes as long as it takes. */
export const FINISHING_IDLE = 15 * 60_000;
/** A connection that breaks at a smaller size was not cut for its size. */
const MIN_CUT = 1024 * 1024;
const MOUNT_ATTEMPTS = 2;

/**
 * Brings a blob into a repository.
 * @throws SealerError of `Session.expect`; DIGEST_MISMATCH when the registry says that the content is not what it should
 *   be; what the source throws
 */
export async function uploadBlob(
  session: Session,
  repository: string,
  blob: Descriptor,
  source: BlobSource,
  options: UploadOptions = {},
): Promise<'exists' | 'mounted' | 'uploaded'> {
  const doing = `push ${repository}@${shortDigest(blob.digest)}`;
  const upload: Upload = { session, repository, blob, source, options, doing };
  if (await hasBlob(session, repository, blob.digest, 'pull,push', options.signal)) return 'exists';
  const mounted = await mount(upload);
  if (mounted === 'mounted') return mounted;
  await transfer(upload, mounted);
  return 'uploaded';
}

/** Whether a repository has a blob. */
export async function hasBlob(
  session: Session,
  repository: string,
  digest: Digest,
  actions: 'pull' | 'pull,push' = 'pull',
  signal?: AbortSignal,
): Promise<boolean> {
  const doing = `look for ${repository}@${shortDigest(digest)}`;
  const target = `/v2/${repository}/blobs/${digest}`;
  const call: Call = { method: 'HEAD', target, doing, repository, actions, signal };
  const answer = await session.send(call);
  if (answer.status === 401 || answer.status === 403) throw await session.failure(answer, call);
  drain(answer);
  return answer.status === 200;
}

/** Asks for the blob from other repositories (end-11); a refusal gives a session, which is used. */
async function mount(upload: Upload): Promise<'mounted' | UploadSession | undefined> {
  const { session, repository, blob, options } = upload;
  const candidates = (options.mountFrom ?? []).filter((each) => each !== repository).slice(0, MOUNT_ATTEMPTS);
  let opened: UploadSession | undefined;
  for (const from of candidates) {
    const target = `/v2/${repository}/blobs/uploads/?${new URLSearchParams({ mount: blob.digest, from })}`;
    const call = uploadCall(upload, 'POST', target);
    // Google's token server refuses questions about two repositories (regclient#149).
    const also = /(^|\.)(gcr\.io|pkg\.dev)$/.test(session.registry) ? [] : [`repository:${from}:pull`];
    const answer = await session.send({ ...call, also }).catch((error: unknown) => {
      if (error instanceof SealerError && /^(UNAUTHORIZED|DENIED|REGISTRY_ERROR)$/.test(error.code)) return undefined;
      throw error;
    });
    if (answer === undefined) continue;
    drain(answer);
    if (answer.status === 201) return 'mounted';
    if (answer.status !== 202) continue;
    if (opened !== undefined) await cancel(upload, opened);
    opened = readSession(upload, answer);
  }
  return opened;
}

async function transfer(upload: Upload, opened: UploadSession | undefined): Promise<void> {
  const { session, blob, options, doing } = upload;
  let first = opened;
  const open = async () => {
    const at = first ?? (await start(upload));
    first = undefined;
    return at;
  };
  const attempt = async () => {
    if (blob.size < (smallestRefused.get(session) ?? Infinity)) {
      if ((await uploadWhole(upload, await open())) === 'done') return;
      smallestRefused.set(session, blob.size);
    }
    if ((await uploadChunks(upload, await open())) === 'done') return;
    // Not its size was the trouble, so the next attempt is in one piece again.
    smallestRefused.delete(session);
    const message = `Cannot ${doing}: ${session.registry} takes it neither in one piece nor in chunks`;
    throw new Transient(new SealerError('REGISTRY_ERROR', message));
  };
  try {
    await retrying(attempt, { timing: session.world.timing, signal: options.signal });
  } catch (error) {
    throw session.explain(error, doing);
  }
}

/** One PUT with everything (end-4b is POST with digest; end-6 after end-4a is what all registries know). */
async function uploadWhole(upload: Upload, at: UploadSession): Promise<'done' | 'too large'> {
  const { session, blob, options, source } = upload;
  let sent = 0;
  const onBytes = (count: number) => {
    sent += count;
    options.onBytes?.(count);
  };
  const takeBack = () => {
    if (sent > 0) options.onBytes?.(-sent);
    sent = 0;
  };
  const call: Call = {
    ...uploadCall(upload, 'PUT', withDigest(at.location, blob.digest)),
    headers: { 'Content-Type': 'application/octet-stream' },
    body: {
      size: blob.size,
      open: () => {
        takeBack();
        return source();
      },
      onBytes,
    },
    idleAfter: FINISHING_IDLE,
    retry: false,
  };
  try {
    const answer = await session.send(call);
    if (answer.status === 413) {
      drain(answer);
      takeBack();
      return 'too large';
    }
    await finish(upload, call, answer);
    return 'done';
  } catch (error) {
    const wasCut = isConnectionError(error) && sent >= MIN_CUT && !options.signal?.aborted;
    takeBack();
    // Some proxies cut the connection in place of an answer.
    if (wasCut) {
      if (await hasBlob(session, upload.repository, blob.digest, 'pull,push', options.signal)) return 'done';
      return 'too large';
    }
    throw error;
  }
}

/** The parts of a call that all steps of an upload share. */
export function uploadCall({ repository, doing, options }: Upload, method: Call['method'], target: string | URL): Call {
  return { method, target, doing, repository, actions: 'pull,push', signal: options.signal };
}

/** The address that ends a session: what it has for a query stays (distribution-spec end-6). */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return url;
}

/**
 * Reads the answer to the request that ends an upload.
 * @throws SealerError DIGEST_MISMATCH, REGISTRY_ERROR; Transient for a status that passes
 */
export async function finish({ session, blob, doing }: Upload, call: Call, answer: Answer): Promise<void> {
  if (![200, 201, 202, 204].includes(answer.status)) {
    const failure = await session.failure(answer, call);
    if (isTransientStatus(answer.status)) throw new Transient(failure, retryAfter(answer, session.world.timing));
    throw failure;
  }
  drain(answer);
  const said = headerDigest(answer);
  if (said !== undefined && said.split(':')[0] === blob.digest.split(':')[0] && said !== blob.digest) {
    throw new SealerError('DIGEST_MISMATCH', `Cannot ${doing}: ${session.registry} understood ${said}`);
  }
}

/** Reads where an upload goes on. */
export function readSession({ session }: Upload, answer: Answer): UploadSession {
  const { location } = answer.headers;
  if (location === undefined) {
    throw new SealerError('REGISTRY_ERROR', `${session.registry} opens an upload and does not say where`);
  }
  const minChunk = Number(answer.headers['oci-chunk-min-length'] ?? 0);
  return { location: session.locate(location, answer), minChunk: Number.isSafeInteger(minChunk) ? minChunk : 0 };
}

async function start(upload: Upload): Promise<UploadSession> {
  const call = uploadCall(upload, 'POST', `/v2/${upload.repository}/blobs/uploads/`);
  const answer = await upload.session.expect(call, 202);
  drain(answer);
  return readSession(upload, answer);
}

/** Politeness (end-14): a session that is left would stay until the registry sweeps. */
async function cancel(upload: Upload, { location }: UploadSession): Promise<void> {
  const answer = await upload.session.send({ ...uploadCall(upload, 'DELETE', location), retry: false }).catch(() => {});
  if (answer !== undefined) drain(answer);
}

/**
 * URLs of ADD and APP: fetched once, kept by their content, asked for again only with the question whether they changed,
 * and gone on with where they broke off.
 */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, type Place, SealerError } from '../../error.ts';
import { type Digest, digestOf, hexOf } from '../../oci/digest.ts';
import type { Builder } from '../builder.ts';
import { readCacheFile, writeCacheFile } from '../layers/cache-file.ts';
import { type PartialDownload, takePartial, type Validators } from './partial-download.ts';

export interface Download {
  /** Absolute. */
  readonly file: string;
  /** SHA-256 in hex. */
  readonly digest: string;
  readonly size: number;
}

/** What is remembered of a URL, to ask for it again (RFC 9110, conditional requests). */
interface Memory extends Validators {
  readonly digest: string;
}

const MAX_REDIRECTS = 10;
const ATTEMPTS = 3;

/** Whether a source is something to download. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * The file name that a URL stands for.
 * @throws SealerError BAD_ARGUMENTS if it has none
 */
export function fileNameOf(url: string, at: Place): string {
  const name = URL.canParse(url) ? decodeURIComponent(new URL(url).pathname.split('/').pop() ?? '') : '';
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return name;
  throw new SealerError('BAD_ARGUMENTS', `No file name can be told from ${withoutSecrets(url)}`, {
    at,
    hint: 'Give the file name as the destination, not ending in a slash.',
  });
}

/**
 * Downloads a URL into the store's cache.
 * @param checksum what it must be; then a copy that is there is not asked about again
 * @throws SealerError DOWNLOAD_FAILED, CHECKSUM_MISMATCH, UNSAFE_REDIRECT
 */
export async function download(
  builder: Builder,
  url: string,
  checksum: Digest | undefined,
  at: Place,
): Promise<Download> {
  const folder = await builder.world.store.cacheFolder('downloads');
  if (checksum !== undefined) {
    const kept = await keptFile(folder, hexOf(checksum));
    if (kept !== undefined) return kept;
  }
  const memoryFile = join(folder, `${hexOf(digestOf(url))}.json`);
  const memory = await readCacheFile(memoryFile, parseMemory);
  const kept = memory === undefined ? undefined : await keptFile(folder, memory.digest);
  const partial = await takePartial(folder, hexOf(digestOf(`${url} ${checksum ?? ''}`)));
  const wanted: Wanted = { url, checksum, at, memory: kept === undefined ? undefined : memory };
  for (let attempt = 1; ; attempt++) {
    try {
      const { size, validator } = await partial.resumeAt();
      const answer = await request(builder, wanted, { size, validator });
      if (answer.status === 304 && kept !== undefined) return verify(kept, wanted);
      if (answer.status === 206 && !isRestOf(answer, size, validator)) {
        await answer.body?.cancel();
        await partial.discard();
        throw new Error('the server sends something else than the rest of what is here');
      }
      const got = await receive(builder, answer, partial);
      const file = join(folder, got.digest);
      verify({ file, ...got }, wanted);
      await rename(partial.file, file);
      await partial.discard();
      await writeCacheFile(memoryFile, { digest: got.digest, ...validatorsOf(answer) });
      return { file, ...got };
    } catch (error) {
      const isFinal = error instanceof SealerError || builder.world.signal?.aborted === true || attempt === ATTEMPTS;
      if (!isFinal) continue;
      if (error instanceof SealerError && error.code === 'CHECKSUM_MISMATCH') await partial.discard();
      else await partial.giveBack();
      builder.world.signal?.throwIfAborted();
      throw error instanceof SealerError ? error : failed(wanted, describeCause(error), error);
    }
  }
}

/** What is asked for, and what is known of it. */
interface Wanted {
  readonly url: string;
  readonly checksum: Digest | undefined;
  readonly at: Place;
  readonly memory: Memory | undefined;
}

async function request(
  builder: Builder,
  wanted: Wanted,
  partial: { readonly size: number; readonly validator: string | undefined },
): Promise<Response> {
  const { url, memory, at } = wanted;
  const { signal } = builder.world;
  const call = builder.world.fetch ?? fetch;
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'sealer' };
  if (memory?.etag !== undefined) headers['if-none-match'] = memory.etag;
  else if (memory?.lastModified !== undefined) headers['if-modified-since'] = memory.lastModified;
  if (partial.size > 0 && partial.validator !== undefined) {
    headers.range = `bytes=${partial.size}-`;
    headers['if-range'] = partial.validator;
  }
  let current = new URL(url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const answer = await call(current, { headers, redirect: 'manual', ...(signal === undefined ? {} : { signal }) });
    const location = answer.headers.get('location');
    if (answer.status < 300 || answer.status >= 400 || answer.status === 304 || location === null) {
      if (answer.ok || answer.status === 304) return answer;
      await answer.body?.cancel();
      if (answer.status >= 500) throw new Error(`the server answers ${answer.status}`);
      throw failed(wanted, `the server answers ${answer.status}`);
    }
    await answer.body?.cancel();
    const next = new URL(location, current);
    // What began under TLS must not end without it: anyone on the way could put something else there.
    if (!/^https?:$/.test(next.protocol) || (current.protocol === 'https:' && next.protocol !== 'https:')) {
      throw new SealerError('UNSAFE_REDIRECT', `${withoutSecrets(url)} redirects to ${withoutSecrets(next.href)}`, {
        at,
        hint: 'Give the final address, and --checksum if it is plain http.',
      });
    }
    current = next;
  }
  throw failed(wanted, `it redirects more than ${MAX_REDIRECTS} times`);
}

/**
 * Whether a part goes on where the bytes that are here end, and is of the same version: a server that does not know `If-Range`, a cache
 * in between, or one of several that serve another version, would give a file of two halves.
 */
function isRestOf(answer: Response, size: number, validator: string | undefined): boolean {
  const { etag, lastModified } = validatorsOf(answer);
  const isSame = [etag, lastModified].every((each) => each === undefined) || [etag, lastModified].includes(validator);
  return size > 0 && isSame && (answer.headers.get('content-range') ?? '').startsWith(`bytes ${size}-`);
}

/** Writes the answer behind what is there, if it is the rest of that, and hashes the whole. */
async function receive(
  builder: Builder,
  answer: Response,
  partial: PartialDownload,
): Promise<{ digest: string; size: number }> {
  const isRest = answer.status === 206;
  const hash = createHash('sha256');
  let size = isRest ? await hashFile(hash, partial.file) : 0;
  await partial.remember(validatorsOf(answer));
  const handle = await open(partial.file, isRest ? 'a' : 'w');
  try {
    for await (const chunk of answer.body ?? []) {
      await handle.write(chunk);
      hash.update(chunk);
      size += chunk.length;
      builder.moved.fetched += chunk.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  // A server may give less than the whole rest (RFC 9110, section 14.2): the next attempt goes on behind it.
  const whole = /\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1];
  const expected = isRest ? whole : answer.headers.get('content-length');
  if (expected !== null && expected !== undefined && Number(expected) !== size) {
    throw new Error('the connection broke off');
  }
  return { digest: hash.digest('hex'), size };
}

function verify(got: Download, { checksum, url, at }: Wanted): Download {
  if (checksum === undefined || hexOf(checksum) === got.digest) return got;
  throw new SealerError('CHECKSUM_MISMATCH', `${withoutSecrets(url)} is sha256:${got.digest}, not ${checksum}`, {
    at,
    hint: 'If this is the version that you want, write its digest into --checksum.',
  });
}

async function keptFile(folder: string, digest: string): Promise<Download | undefined> {
  const file = join(folder, digest);
  const hash = createHash('sha256');
  try {
    const size = await hashFile(hash, file);
    if (hash.digest('hex') === digest) return { file, digest, size };
    await rm(file, { force: true });
    return undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseMemory(json: unknown): Memory | undefined {
  const memory = Object(json) as Memory;
  return /^[a-f0-9]{64}$/.test(memory.digest) ? memory : undefined;
}

function validatorsOf(answer: Response): Validators {
  return {
    etag: answer.headers.get('etag') ?? undefined,
    lastModified: answer.headers.get('last-modified') ?? undefined,
  };
}

async function hashFile(hash: Hash, file: string): Promise<number> {
  let size = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return size;
}

function describeCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function failed({ url, at }: Wanted, why: string, cause?: unknown): SealerError {
  return new SealerError('DOWNLOAD_FAILED', `${withoutSecrets(url)} cannot be downloaded: ${why}`, {
    at,
    cause,
    hint: 'Check the address and the network; a broken download goes on where it stopped.',
  });
}

/** User and password, and the query, which often holds a token. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

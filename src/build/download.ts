/**
 * URLs of ADD and APP: fetched once, kept by their content, asked for again only with the question whether they changed,
 * and gone on with where they broke off.
 */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, type Place, SealerError } from '../error.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { Builder } from './builder.ts';

export interface Download {
  /** Absolute. */
  readonly file: string;
  /** SHA-256 in hex. */
  readonly digest: string;
  readonly size: number;
}

/** What is remembered of a URL, to ask for it again (RFC 9110, conditional requests). */
interface Memory {
  readonly digest: string;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
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
  const memory = await readMemory(memoryFile);
  const kept = memory === undefined ? undefined : await keptFile(folder, memory.digest);
  const partial = join(folder, `${hexOf(digestOf(`${url} ${checksum ?? ''}`))}.partial`);
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await request(
        builder,
        url,
        kept === undefined ? undefined : memory,
        await partialState(partial),
        at,
      );
      if (answer.status === 304 && kept !== undefined) return verify(kept, checksum, url, at);
      const got = await receive(builder, answer, partial);
      const file = join(folder, got.digest);
      verify({ file, ...got }, checksum, url, at);
      await rename(partial, file);
      await rm(`${partial}.json`, { force: true });
      await writeFile(memoryFile, JSON.stringify({ digest: got.digest, ...validatorsOf(answer) }));
      return { file, ...got };
    } catch (error) {
      if (error instanceof SealerError) {
        if (error.code === 'CHECKSUM_MISMATCH') await rm(partial, { force: true });
        throw error;
      }
      builder.world.signal?.throwIfAborted();
      if (attempt === ATTEMPTS) throw failed(url, describeCause(error), at, error);
    }
  }
}

async function request(
  builder: Builder,
  url: string,
  memory: Memory | undefined,
  partial: { size: number; validator: string | undefined },
  at: Place,
): Promise<Response> {
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
      throw failed(url, `the server answers ${answer.status}`, at);
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
  throw failed(url, `it redirects more than ${MAX_REDIRECTS} times`, at);
}

/** Writes the answer behind what is there, if it is the rest of that, and hashes the whole. */
async function receive(builder: Builder, answer: Response, partial: string): Promise<{ digest: string; size: number }> {
  const isRest = answer.status === 206;
  const hash = createHash('sha256');
  let size = isRest ? await hashFile(hash, partial) : 0;
  const validator = validatorsOf(answer);
  await writeFile(`${partial}.json`, JSON.stringify(validator));
  const handle = await open(partial, isRest ? 'a' : 'w');
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
  const expected = answer.headers.get('content-length');
  if (!isRest && expected !== null && Number(expected) !== size) throw new Error('the connection broke off');
  return { digest: hash.digest('hex'), size };
}

function verify(got: Download, checksum: Digest | undefined, url: string, at: Place): Download {
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

async function partialState(partial: string): Promise<{ size: number; validator: string | undefined }> {
  try {
    const { etag, lastModified }: Memory = JSON.parse(await readFile(`${partial}.json`, 'utf8'));
    // RFC 9110 §13.1.5: a weak validator cannot vouch for a range.
    const validator = etag?.startsWith('W/') ? undefined : (etag ?? lastModified);
    return { size: (await stat(partial)).size, validator };
  } catch {
    return { size: 0, validator: undefined };
  }
}

async function readMemory(file: string): Promise<Memory | undefined> {
  try {
    const memory: Memory = JSON.parse(await readFile(file, 'utf8'));
    return /^[a-f0-9]{64}$/.test(memory.digest) ? memory : undefined;
  } catch {
    return undefined;
  }
}

function validatorsOf(answer: Response): Omit<Memory, 'digest'> {
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

function failed(url: string, why: string, at: Place, cause?: unknown): SealerError {
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

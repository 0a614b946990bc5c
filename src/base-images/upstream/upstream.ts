/** Asking upstream: with patience, through mirrors, and never for more bytes than fit. */

import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SealerError } from '../../error.ts';
import type { RegistryClient } from '../../registry/client/index.ts';
import type { Mirrors } from '../cells.ts';

/** Everything outside, so that tests can give something else. */
export interface Upstream {
  readonly fetch: typeof fetch;
  /** Bases of URLs by host, asked instead of the hosts. */
  readonly mirrors: Mirrors;
  /** For api.github.com, which answers more often to whom it knows. Sent nowhere else. */
  readonly githubToken: string | undefined;
  /** Knows the digests of container images. */
  readonly registry: Pick<RegistryClient, 'resolve' | 'tags'>;
  /** Runs a program that was downloaded and checked, and gives its standard output. */
  readonly run: (program: Uint8Array, args: readonly string[]) => Promise<string>;
  /** Waits so many milliseconds. Default: a real clock. */
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Lists of checksums, releases and channels: real ones have some hundred kilobytes. */
const MAX_TEXT = 16 * 1024 * 1024;
const MAX_REDIRECTS = 10;
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 500;
/** The longest that we wait because a server asks for it. */
const MAX_WAIT_MS = 60_000;
/** What an answer may take, from the question to the last byte. */
const ANSWER_MS = 300_000;

/**
 * Reads a small file.
 * @param url as upstream has it: a mirror is put in here
 * @throws SealerError DOWNLOAD_FAILED, UNSAFE_REDIRECT, ARCHIVE_TOO_LARGE
 */
export async function readText(upstream: Upstream, url: string): Promise<string> {
  return (await read(upstream, url, MAX_TEXT)).toString('utf8');
}

/** The same for JSON. @throws SealerError also UPSTREAM_CHANGED */
export async function readJson(upstream: Upstream, url: string): Promise<unknown> {
  const text = await readText(upstream, url);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw changed(url, 'it answers with something that is no JSON', cause);
  }
}

/** A text that may not be there: undefined when the server says so. */
export async function readTextIfThere(upstream: Upstream, url: string): Promise<string | undefined> {
  try {
    return await readText(upstream, url);
  } catch (error) {
    if (error instanceof SealerError && error.code === 'DOWNLOAD_FAILED' && error.cause instanceof NotThere) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Reads a file into memory.
 * @param limit in bytes
 */
export async function readBytes(upstream: Upstream, url: string, limit: number): Promise<Buffer> {
  return await read(upstream, url, limit);
}

/** The sha256 of a file that upstream gives no checksum for, as it is now; 64 hex digits. */
export async function hashOf(upstream: Upstream, url: string): Promise<string> {
  return createHash('sha256')
    .update(await read(upstream, url, MAX_TEXT))
    .digest('hex');
}

/** What to throw when upstream is not as it was when this was written. */
export function changed(where: string, why: string, cause?: unknown): SealerError {
  return new SealerError('UPSTREAM_CHANGED', `${where}: ${why}`, {
    cause,
    hint: 'Look at it in a browser; perhaps it is only away, or this program has to learn a new form.',
  });
}

/** Where a URL is asked for. */
export function mirrored(url: string, mirrors: Mirrors): string {
  const { host } = new URL(url);
  const base = mirrors[host];
  return base === undefined ? url : `${base.replace(/\/+$/, '')}${url.slice(`https://${host}`.length)}`;
}

/** The server says that there is nothing. */
class NotThere extends Error {}

/** A failure that may pass. */
class Passing extends Error {
  readonly after: number;
  constructor(message: string, after = 0) {
    super(message);
    this.after = after;
  }
}

async function read(upstream: Upstream, url: string, limit: number): Promise<Buffer> {
  const { sleep = delay, signal } = upstream;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await readOnce(upstream, url, limit);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SealerError) throw error;
      const isLast = attempt === ATTEMPTS || error instanceof NotThere;
      if (isLast || (error instanceof Passing && error.after > MAX_WAIT_MS)) throw failed(url, error);
      const after = error instanceof Passing ? error.after : 0;
      await sleep(Math.max(after, FIRST_WAIT_MS * 2 ** (attempt - 1)));
    }
  }
}

async function readOnce(upstream: Upstream, url: string, limit: number): Promise<Buffer> {
  const timeout = AbortSignal.timeout(ANSWER_MS);
  const signal = upstream.signal === undefined ? timeout : AbortSignal.any([upstream.signal, timeout]);
  const answer = await ask(upstream, url, signal);
  if (!answer.ok) {
    await answer.body?.cancel();
    throw faultOf(answer);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new SealerError('ARCHIVE_TOO_LARGE', `${url} has more than the ${limit} bytes that it may have`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function ask(upstream: Upstream, url: string, signal: AbortSignal): Promise<Response> {
  let current = new URL(mirrored(url, upstream.mirrors));
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const headers: Record<string, string> = { 'user-agent': 'sealer', 'accept-encoding': 'identity' };
    if (current.origin === 'https://api.github.com' && upstream.githubToken !== undefined) {
      headers.authorization = `Bearer ${upstream.githubToken}`;
    }
    const answer = await upstream.fetch(current, { headers, redirect: 'manual', signal });
    const location = answer.headers.get('location');
    if (answer.status < 300 || answer.status >= 400 || location === null) return answer;
    await answer.body?.cancel();
    const next = new URL(location, current);
    // What began under TLS must not end without it.
    if (!/^https?:$/.test(next.protocol) || (current.protocol === 'https:' && next.protocol !== 'https:')) {
      throw new SealerError('UNSAFE_REDIRECT', `${url} redirects to ${next.protocol}//${next.host}`);
    }
    current = next;
  }
  throw new Error(`it redirects more than ${MAX_REDIRECTS} times`);
}

/** GitHub says 403 and 429 with `retry-after` or `x-ratelimit-reset` when it has had enough of us. */
function faultOf({ status, headers }: Response): Error {
  if (status === 404 || status === 410) return new NotThere(`the server answers ${status}`);
  const isLimited = status === 429 || (status === 403 && headers.get('x-ratelimit-remaining') === '0');
  if (isLimited) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000 - Date.now();
    const after = Number.isFinite(seconds) ? seconds * 1000 : Number.isFinite(reset) ? Math.max(0, reset) : 0;
    return new Passing(`the server answers ${status}: too many questions`, after);
  }
  return status >= 500 || status === 408
    ? new Passing(`the server answers ${status}`)
    : new NotThere(`the server answers ${status}`);
}

function failed(url: string, error: unknown): SealerError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new SealerError(
    'DOWNLOAD_FAILED',
    `${url} cannot be read: ${cause instanceof Error ? cause.message : cause}`,
    {
      cause: error,
      hint: 'Check the network; --mirror HOST=URL asks elsewhere, and GITHUB_TOKEN lets GitHub answer more often.',
    },
  );
}

/** Reading the files of an archive that comes from anywhere. Nothing here touches the disk. */

import type { Readable } from 'node:stream';
import { type Extract, extract, type Header } from 'tar-stream';
import { type ErrorCode, SealerError } from '../../error.ts';
import { decompress, sniffCompression } from '../compress/index.ts';
import { DEFAULT_LIMITS as UNPACKING } from '../tar/limits.ts';
import { cleanPath, resolveLink } from './safe-path.ts';

export interface ArchiveLimits {
  /** Files, folders and links together. */
  readonly entries: number;
  /** Bytes of all files together. */
  readonly bytes: number;
}

/** Far beyond any set of images; an archive that has more is made to fill a disk. */
export const DEFAULT_LIMITS: ArchiveLimits = { entries: 200_000, bytes: 2 ** 40 };

export type ArchiveFile =
  /** The content must be read, or skipped by asking for the next file. */
  | { readonly type: 'file'; readonly path: string; readonly size: number; readonly content: AsyncIterable<Uint8Array> }
  /** A symbolic or hard link, resolved to a path in the archive. */
  | { readonly type: 'link'; readonly path: string; readonly target: string };

/**
 * The files of a tar, which may be compressed as a whole, in the order of the archive.
 * @throws SealerError CORRUPT_ARCHIVE, UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE; errors of `source` as they are
 */
export async function* archiveFiles(
  source: Readable,
  {
    limits = DEFAULT_LIMITS,
    signal,
  }: { readonly limits?: ArchiveLimits; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ArchiveFile> {
  const parser = extract({});
  const feeding: Feeding = { failure: undefined };
  void feed(source, parser, feeding, signal);
  let entries = 0;
  let bytes = 0;
  try {
    for await (const entry of parser) {
      const { header } = entry;
      entries += 1;
      bytes += sizeOf(header);
      if (entries > limits.entries) throw tooLarge(`more than ${limits.entries} entries`);
      if (bytes > limits.bytes) throw tooLarge(`more than ${limits.bytes} bytes`);
      const file = describeEntry(header, contentOf(entry, feeding));
      if (file !== undefined) yield file;
      // Does nothing where the content was read.
      entry.resume();
    }
    if (entries === 0) throw corrupt('it is empty');
  } catch (error) {
    throw explain(error, feeding);
  } finally {
    parser.destroy();
    source.destroy();
  }
}

/** Fails as an archive that cannot be right. */
export function corrupt(why: string, cause?: unknown): SealerError {
  return new SealerError('CORRUPT_ARCHIVE', `The archive cannot be loaded: ${why}`, {
    hint: HINTS.CORRUPT_ARCHIVE,
    cause,
  });
}

/** What went wrong before the bytes reached the parser. It is the reason of whatever fails after it. */
interface Feeding {
  failure: { readonly reason: unknown } | undefined;
}

/** Brings the bytes to the parser. Never rejects. */
async function feed(
  source: Readable,
  parser: Extract,
  feeding: Feeding,
  signal: AbortSignal | undefined,
): Promise<void> {
  const abort = () => source.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    for await (const chunk of await openOuter(source, signal)) {
      if (parser.destroyed) return;
      if (!parser.write(chunk)) await drained(parser);
    }
    parser.end();
  } catch (error) {
    if (parser.destroyed) return;
    const reason = signal?.aborted ? signal.reason : error;
    feeding.failure = { reason: withHint(reason) };
    parser.destroy(new Error('There are no more bytes'));
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function* contentOf(content: AsyncIterable<Uint8Array>, feeding: Feeding): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    throw explain(error, feeding);
  }
}

function explain(error: unknown, { failure }: Feeding): unknown {
  if (error instanceof SealerError) return error;
  return failure === undefined ? corrupt('it is not a tar, is damaged or cut off', error) : failure.reason;
}

/** A bomb is told by its ratio, before much of it is unpacked. */
async function openOuter(source: Readable, signal: AbortSignal | undefined): Promise<AsyncIterable<Buffer>> {
  const { compression, stream } = await sniffCompression(source);
  const limits = { maxBytes: Infinity, maxRatio: UNPACKING.maxRatio };
  return decompress(stream, compression, limits, signal);
}

/** What is wrong with the compression is known where nobody knows what the archive is for. */
function withHint(reason: unknown): unknown {
  if (!(reason instanceof SealerError) || reason.hint !== undefined) return reason;
  const hint = HINTS[reason.code];
  return hint === undefined ? reason : new SealerError(reason.code, reason.message, { hint, cause: reason });
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  CORRUPT_ARCHIVE: 'Save it again, and compare sizes if it was copied.',
  ARCHIVE_TOO_LARGE: 'Check where the archive comes from; if it is right, decompress it first.',
};

function drained(parser: Extract): Promise<void> {
  if (parser.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  parser.once('drain', resolve);
  parser.once('close', resolve);
  return promise.finally(() => {
    parser.off('drain', resolve);
    parser.off('close', resolve);
  });
}

function describeEntry(header: Header, content: AsyncIterable<Uint8Array>): ArchiveFile | undefined {
  const path = cleanPath(header.name);
  switch (header.type) {
    case 'directory':
      return undefined;
    case 'file':
    case 'contiguous-file':
      return { type: 'file', path, size: sizeOf(header), content };
    case 'symlink':
      return { type: 'link', path, target: resolveLink(path, header.linkname ?? '') };
    case 'link':
      return { type: 'link', path, target: cleanPath(header.linkname ?? '') };
    default:
      // Devices, pipes, sparse files: no tool writes them into an archive of images.
      throw new SealerError('UNSAFE_ARCHIVE', `The archive holds ${path}, which is neither file nor folder nor link`);
  }
}

function sizeOf({ name, size }: Header): number {
  if (size !== null && Number.isSafeInteger(size) && size >= 0) return size;
  throw corrupt(`${name} has no valid size`);
}

function tooLarge(what: string): SealerError {
  return new SealerError('ARCHIVE_TOO_LARGE', `The archive has ${what}`, { hint: HINTS.ARCHIVE_TOO_LARGE });
}

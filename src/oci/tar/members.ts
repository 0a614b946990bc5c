/**
 * Reads the members of a tar archive that may be hostile. tar-stream parses the formats (ustar, PAX, GNU long names);
 * what is acceptable is decided here. What stands after the end of the archive is not looked at: a parser that goes on
 * sees files that GNU tar and containerd do not.
 */

import { addAbortListener } from 'node:events';
import type { Readable } from 'node:stream';
import { type Entry, type Extract, extract, type Header } from 'tar-stream';
import type { EntryType } from './entry.ts';
import { BLOCK_BYTES } from './header.ts';
import { completeLimits, type Limits, type UnpackLimits } from './limits.ts';
import { cleanPath, corrupt, excerpt, tooLarge, unsafe } from './member-path.ts';

export interface ReadOptions {
  readonly limits?: UnpackLimits | undefined;
  /** Device nodes and pipes. Default: refuse. */
  readonly devices?: 'refuse' | 'skip' | undefined;
  /** Names with a leading slash. Default: relative to the root, as GNU tar and containerd take them. */
  readonly absoluteNames?: 'refuse' | 'relative' | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Member {
  /** Clean, never empty. */
  readonly path: string;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Where in the archive the content begins, in bytes. */
  readonly offset: number;
  /** Symlink: its text. Hard link: the clean path of its target. */
  readonly linkname?: string;
  /** Its content, to be read before the next member is asked for; what is not read is skipped. */
  readonly body: Entry;
}

/**
 * The members of an archive, one after another. The archive's root folder itself is not one. The stream is read to its
 * very end, so that it can check its digest.
 * @throws SealerError UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, CORRUPT_ARCHIVE, and whatever the stream fails with
 */
export async function* readMembers(tar: Readable, options: ReadOptions = {}): AsyncGenerator<Member> {
  const limits = completeLimits(options.limits);
  // highWaterMark 0: the parser has one piece at a time, the one that `feed` remembers.
  const parser = extract({ highWaterMark: 0, allowUnknownFormat: true });
  const state: ParserState = { endsAt: undefined, contentEnd: 0, piece: NOTHING, pieceOffset: 0, failure: undefined };
  parser.on('entry', (header: Header) => noteEntry(header, state));
  using _abort =
    options.signal === undefined
      ? undefined
      : addAbortListener(options.signal, () => void tar.destroy(asError(options.signal?.reason)));
  const feeding = feed(tar, parser, state, limits);
  feeding.catch(() => {});
  try {
    yield* checkedMembers(parser, state, limits, options);
    await feeding;
  } catch (error) {
    throw describeFailure(error, state);
  } finally {
    parser.destroy();
    tar.destroy();
  }
}

const NOTHING = Buffer.alloc(0);
const ZEROS = Buffer.alloc(BLOCK_BYTES);

interface ParserState {
  /** Where in the archive its end is, once known. */
  endsAt: number | undefined;
  /** Where the block after the last known entry begins: a header, or the end. */
  contentEnd: number;
  /** The bytes that the parser works on, and where in the archive they are. */
  piece: Buffer;
  pieceOffset: number;
  /** What went wrong outside the parser. */
  failure: unknown;
}

/** Gives the archive to the parser, in whole blocks, up to the archive's end; then reads on to the stream's end. */
async function feed(tar: Readable, parser: Extract, state: ParserState, { maxBytes }: Limits): Promise<void> {
  let rest: Buffer = NOTHING;
  try {
    for await (const chunk of tar as AsyncIterable<Buffer>) {
      const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
      const whole = bytes.byteLength - (bytes.byteLength % BLOCK_BYTES);
      rest = bytes.subarray(whole);
      state.pieceOffset += state.piece.byteLength;
      state.piece = bytes.subarray(0, whole);
      // Counts headers too: gigabytes of PAX headers have no content.
      if (state.pieceOffset + whole > maxBytes) throw tooLarge(`it unpacks to more than ${maxBytes} bytes`);
      noteEnd(state);
      if (whole > 0 && !isPastEnd(state) && !parser.destroyed) await write(parser, state.piece);
    }
    if (rest.byteLength > 0 && state.endsAt === undefined && !parser.destroyed) await write(parser, rest);
    parser.end();
  } catch (error) {
    state.failure = asError(error);
    parser.destroy(asError(error));
    throw state.failure;
  }
}

/** Waits until the parser is done with the bytes, or gives up; why it does is told to who reads the members. */
function write(parser: Extract, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      parser.off('drain', settle);
      parser.off('close', settle);
      resolve();
    };
    parser.on('drain', settle);
    parser.on('close', settle);
    if (parser.write(bytes) || parser.destroyed) settle();
  });
}

/** Runs while the parser is at the entry, so the piece it works on is the one that the state has. */
function noteEntry({ byteOffset, type, size }: Header, state: ParserState): void {
  const content = type === 'directory' ? 0 : (size ?? 0);
  state.contentEnd = byteOffset + Math.ceil(content / BLOCK_BYTES) * BLOCK_BYTES;
  noteEnd(state);
}

/** A block of zeros where a header should be is the end (POSIX has two of them; GNU tar and Go stop at the first). */
function noteEnd(state: ParserState): void {
  const start = state.contentEnd - state.pieceOffset;
  if (state.endsAt !== undefined || start < 0 || start >= state.piece.byteLength) return;
  if (state.piece.subarray(start, start + BLOCK_BYTES).equals(ZEROS)) state.endsAt = state.contentEnd;
}

function isPastEnd({ endsAt, pieceOffset }: ParserState): boolean {
  return endsAt !== undefined && pieceOffset >= endsAt;
}

async function* checkedMembers(
  parser: Extract,
  state: ParserState,
  limits: Limits,
  options: ReadOptions,
): AsyncGenerator<Member> {
  let count = 0;
  try {
    for await (const body of parser) {
      const { header } = body;
      if (state.endsAt !== undefined && header.byteOffset > state.endsAt) return;
      count += 1;
      // An archive of nothing but empty files: small, and still as many inodes as the disk has.
      if (count > limits.maxEntries) throw tooLarge(`it has more than ${limits.maxEntries} entries`);
      const member = toMember(body, limits, options);
      if (member !== undefined) yield member;
      body.resume();
    }
  } catch (error) {
    // After the end there may be anything, and none of it is of the archive.
    const isAfterEnd = state.endsAt !== undefined && isParserError(error, state);
    if (!isAfterEnd) throw error;
  }
}

function toMember(body: Entry, limits: Limits, { devices, absoluteNames }: ReadOptions): Member | undefined {
  const { header } = body;
  const type = typeOf(header);
  const path = cleanPath(header.name, limits);
  // Some layers of the wild have such names, and mean the root; who makes an archive of a folder has no reason to.
  if (absoluteNames === 'refuse' && header.name.startsWith('/')) throw unsafe(`${excerpt(header.name)} is absolute`);
  const size = sizeOf(header, limits);
  if (type === 'device') {
    // A device node of the host's disk or memory, open to whoever can read the folder.
    if (devices !== 'skip') throw unsafe(`${excerpt(path)} is a ${header.type}`);
    return undefined;
  }
  if (path === '') {
    if (type === 'directory') return undefined;
    // The root itself as a symlink: all that follows would be written to where it points.
    throw unsafe(`its root is a ${type}`);
  }
  const isLink = type === 'symlink' || type === 'hardlink';
  // Some readers skip what a link's size says and some do not, so they see different entries afterwards.
  if (isLink && size > 0) throw unsafe(`the link ${excerpt(path)} has content`);
  return {
    path,
    type,
    mode: header.mode & 0o7777,
    uid: idOf(header.pax?.uid, header.uid),
    gid: idOf(header.pax?.gid, header.gid),
    size,
    mtime: timeOf(header),
    offset: header.byteOffset,
    ...(isLink ? { linkname: linkOf(header, type, path, limits) } : {}),
    body,
  };
}

/** tar-stream takes any number, and waits forever for the content of an entry whose size is none. */
function sizeOf({ name, type, size }: Header, { maxBytes }: Limits): number {
  if (size === null || !Number.isSafeInteger(size)) throw corrupt(`${excerpt(name)} has no valid size`);
  if (size > maxBytes) throw tooLarge(`${excerpt(name)} has ${size} bytes`);
  // Old tars let a folder have a size; it never has content.
  return type === 'directory' ? 0 : size;
}

function typeOf(header: Header): EntryType | 'device' {
  const isSparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse.'));
  // Its content is a map and fragments: extracted as a plain file it would be a wrong file under a wrong name.
  if (isSparse) throw unsafe(`${excerpt(header.name)} is a sparse file, which is not supported`);
  const type = TYPES[header.type ?? ''];
  if (type !== undefined) return type;
  throw unsafe(
    `${excerpt(header.name)} is of a kind that is not supported (a sparse file, a volume label or the like)`,
  );
}

const TYPES: Readonly<Record<string, EntryType | 'device'>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'hardlink',
  'character-device': 'device',
  'block-device': 'device',
  fifo: 'device',
};

function linkOf(header: Header, type: 'symlink' | 'hardlink', path: string, limits: Limits): string {
  const link = header.linkname ?? '';
  if (type === 'symlink') {
    if (link !== '' && !link.includes('\0') && Buffer.byteLength(link) <= limits.maxPathLength) return link;
    throw unsafe(`the symlink ${excerpt(path)} has a target that no symlink can have`);
  }
  const target = cleanPath(link, limits);
  if (target === '') throw unsafe(`the hard link ${excerpt(path)} leads to the root`);
  return target;
}

function idOf(pax: string | undefined, id: number): number {
  const number = pax === undefined ? id : Number(pax);
  return Number.isSafeInteger(number) && number >= 0 && number < 2 ** 32 - 1 ? number : 0;
}

function timeOf({ pax, mtime }: Header): number {
  const seconds = Math.floor(pax?.mtime === undefined ? mtime.getTime() / 1000 : Number(pax.mtime));
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 2 ** 33) : 0;
}

/** tar-stream's own errors are plain ones; ours and those of streams have codes. */
function isParserError(error: unknown, { failure }: ParserState): error is Error {
  return error instanceof Error && error !== failure && !('code' in error);
}

function describeFailure(error: unknown, state: ParserState): unknown {
  return isParserError(error, state) ? corrupt(error.message, error) : error;
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

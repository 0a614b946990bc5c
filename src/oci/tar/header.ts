/**
 * Writes tar headers: POSIX.1-1988 ustar, with a POSIX.1-2001 (PAX) header before it where ustar has no room. The bytes
 * depend on the entry alone: owner 0, no names, no devices, no access times.
 *
 * Byte for byte what GNU tar writes with `--format=ustar --owner=0 --group=0 --numeric-owner`, and where that cannot
 * say it, with `--format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime` (but
 * that GNU tar leaves link targets beyond ASCII out of PAX, which readers then have to guess the encoding of).
 */

import { SealerError } from '../../error.ts';
import type { EntryType, TarEntry } from './entry.ts';

/** Tar is made of blocks of this many bytes. */
export const BLOCK_BYTES = 512;

/** What ends an archive: two blocks of zeros. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK_BYTES);

/**
 * The header of an entry: one block, or three and more when it needs PAX.
 * @throws SealerError CANNOT_PACK when the entry has a value that tar cannot hold
 */
export function encodeHeader(entry: Pick<TarEntry, 'path' | 'type' | 'mode' | 'size' | 'mtime' | 'linkname'>): Buffer {
  checkText(entry.path, entry.path);
  const name = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const linkname = checkText(entry.linkname ?? '', entry.path);
  const path = Buffer.from(name);
  const link = Buffer.from(linkname);
  const records: string[] = [];
  const split = isAscii(name, path) ? splitPath(path) : undefined;
  if (split === undefined) records.push(record('path', name));
  if (link.byteLength > LINK_BYTES || !isAscii(linkname, link)) records.push(record('linkpath', linkname));
  if (entry.size > MAX_OCTAL) records.push(record('size', String(entry.size)));
  const block = encodeBlock({
    name: split?.name ?? path,
    prefix: split?.prefix ?? NOTHING,
    link,
    type: TYPE_FLAGS[entry.type],
    mode: entry.mode,
    size: entry.size > MAX_OCTAL ? 0 : entry.size,
    mtime: entry.mtime,
  });
  return records.length === 0 ? block : Buffer.concat([encodePax(records, entry), block]);
}

/** The zeros after an entry's content, up to the next block. */
export function paddingOf(size: number): Buffer {
  const rest = size % BLOCK_BYTES;
  return rest === 0 ? NOTHING : END_OF_ARCHIVE.subarray(0, BLOCK_BYTES - rest);
}

const NOTHING = Buffer.alloc(0);
const NAME_BYTES = 100;
const LINK_BYTES = 100;
const PREFIX_BYTES = 155;
/** The largest number in a field of 11 octal digits: 8 GiB - 1. */
const MAX_OCTAL = 0o77777777777;
const PAX_FLAG = 'x';
const TYPE_FLAGS: Readonly<Record<EntryType, string>> = { file: '0', hardlink: '1', symlink: '2', directory: '5' };

/** An ASCII path in the ustar fields, or `undefined` when only PAX can hold it. */
function splitPath(path: Buffer): { name: Buffer; prefix: Buffer } | undefined {
  if (path.byteLength <= NAME_BYTES) return { name: path, prefix: NOTHING };
  // The last slash with which the prefix still fits, as GNU tar and Go's archive/tar choose it.
  const slash = path.lastIndexOf(SLASH, Math.min(PREFIX_BYTES, path.byteLength - 2));
  if (slash <= 0 || path.byteLength - slash - 1 > NAME_BYTES) return undefined;
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) };
}

const SLASH = 0x2f;

interface Block {
  readonly name: Buffer;
  readonly prefix: Buffer;
  readonly link: Buffer;
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
}

/** POSIX.1-1988, "ustar Interchange Format". Longer names are cut: PAX has them in full. */
function encodeBlock({ name, prefix, link, type, mode, size, mtime }: Block): Buffer {
  const block = Buffer.from(TEMPLATE);
  name.copy(block, 0, 0, NAME_BYTES);
  writeOctal(block, 100, 7, mode & 0o7777);
  writeOctal(block, 124, 11, size);
  writeOctal(block, 136, 11, clampTime(mtime));
  block.write(type, 156, 'latin1');
  link.copy(block, 157, 0, LINK_BYTES);
  prefix.copy(block, 345);
  if (type === PAX_FLAG) block.fill(0, 329, 345); // a PAX header is no file, so GNU tar gives it no device
  let sum = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) sum += block[i] ?? 0;
  writeOctal(block, 148, 6, sum);
  block[154] = 0; // and a space after it, from the template
  return block;
}

/** All that is the same in every header; the checksum is computed over spaces in its place. */
const TEMPLATE = Buffer.alloc(BLOCK_BYTES);
TEMPLATE.write('0000000', 108, 'latin1'); // uid
TEMPLATE.write('0000000', 116, 'latin1'); // gid
TEMPLATE.write('        ', 148, 'latin1'); // checksum
TEMPLATE.write('ustar\x0000', 257, 'latin1'); // magic and version
TEMPLATE.write('0000000', 329, 'latin1'); // device, major
TEMPLATE.write('0000000', 337, 'latin1'); // device, minor

/** Digit by digit: a tree has more headers than anything else, and strings would cost more than all the rest of one. */
function writeOctal(block: Buffer, offset: number, digits: number, value: number): void {
  let rest = value;
  for (let at = offset + digits - 1; at >= offset; at--) {
    block[at] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

/** Times before 1970 and after the year 2242 do not fit, and matter to nobody. */
function clampTime(mtime: number): number {
  return Math.min(Math.max(Math.floor(mtime), 0), MAX_OCTAL);
}

function encodePax(records: readonly string[], { path, mtime }: Pick<TarEntry, 'path' | 'mtime'>): Buffer {
  const body = Buffer.from(records.join(''));
  const slash = path.lastIndexOf('/');
  // POSIX.1-2001 leaves the name of the header to us; where PAX is unknown, it becomes a file of that name.
  const name = Buffer.from(`${slash === -1 ? '.' : path.slice(0, slash)}/PaxHeaders/${path.slice(slash + 1)}`);
  const header = { name, prefix: NOTHING, link: NOTHING, type: PAX_FLAG, mode: 0o644, size: body.byteLength, mtime };
  return Buffer.concat([encodeBlock(header), body, paddingOf(body.byteLength)]);
}

/** POSIX.1-2001, "pax Extended Header": the length counts itself. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** Whether each character is one byte of UTF-8. */
function isAscii(text: string, bytes: Buffer): boolean {
  return text.length === bytes.byteLength;
}

function checkText(text: string, path: string): string {
  if (!text.includes('\0') && text.isWellFormed()) return text;
  throw new SealerError('CANNOT_PACK', `${JSON.stringify(path)} has a name or link that is not text`);
}

/**
 * Reads one member of a zip archive (PKWARE APPNOTE 6.3): what is in it is told by its central directory, and each
 * member's length and CRC are checked. Archives over 4 GiB (zip64), encryption and splitting are refused.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { SealerError } from '../../error.ts';

export interface ZipMember {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly isDeflated: boolean;
  /** Of its local header. */
  readonly offset: number;
}

const END_SIGNATURE = 0x06054b50;
const MEMBER_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const MEMBER_BYTES = 46;
const LOCAL_BYTES = 30;
/** The end record and the longest comment that may follow it. */
const MAX_END = END_BYTES + 0xffff;
const MAX_DIRECTORY = 16 * 1024 * 1024;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

/**
 * The members of an archive.
 * @throws SealerError CORRUPT_ARCHIVE
 */
export async function listZip(file: string): Promise<readonly ZipMember[]> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const tail = await readAt(handle, Math.max(0, size - MAX_END), Math.min(size, MAX_END), file);
  const end = findEnd(tail);
  if (end === undefined) throw corrupt(file, 'it has no directory');
  const count = tail.readUInt16LE(end + 10);
  const bytes = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  if (count === 0xffff || offset === 0xffffffff) throw corrupt(file, 'zip64 is not supported');
  if (bytes > MAX_DIRECTORY || offset + bytes > size) throw corrupt(file, 'its directory is not where it says');
  return parseDirectory(await readAt(handle, offset, bytes, file), count, file);
}

/**
 * Writes one member to a file of its own, which must not exist.
 * @throws SealerError CORRUPT_ARCHIVE if the content is not what the directory says
 */
export async function extractMember(file: string, member: ZipMember, target: string): Promise<void> {
  await using handle = await open(file, 'r');
  const local = await readAt(handle, member.offset, LOCAL_BYTES, file);
  if (local.readUInt32LE(0) !== LOCAL_SIGNATURE) throw corrupt(file, `${member.name} is not where it says`);
  const start = member.offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  const source = handle.createReadStream({ start, end: start + member.packedSize - 1, autoClose: false });
  await using output = await open(target, 'wx', 0o600);
  const write = (content: AsyncIterable<Buffer>): Promise<void> => writeChecked(content, member, output, file);
  try {
    if (member.isDeflated) await pipeline(source, createInflateRaw(), write);
    else await pipeline(source, write);
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw corrupt(file, `${member.name} is damaged`);
    }
    throw error;
  }
}

async function writeChecked(
  content: AsyncIterable<Buffer>,
  member: ZipMember,
  output: FileHandle,
  file: string,
): Promise<void> {
  let size = 0;
  let crc = 0;
  for await (const chunk of content) {
    size += chunk.byteLength;
    if (size > member.size) throw corrupt(file, `${member.name} is longer than it says`);
    crc = crc32(chunk, crc);
    await output.writeFile(chunk);
  }
  if (size !== member.size || crc !== member.crc) throw corrupt(file, `${member.name} is damaged`);
}

/** From the back: the comment behind the record may hold anything, its signature too. */
function findEnd(tail: Buffer): number | undefined {
  for (let i = tail.byteLength - END_BYTES; i >= 0; i -= 1) {
    if (tail.readUInt32LE(i) === END_SIGNATURE && i + END_BYTES + tail.readUInt16LE(i + 20) === tail.byteLength)
      return i;
  }
  return undefined;
}

function parseDirectory(directory: Buffer, count: number, file: string): ZipMember[] {
  const members: ZipMember[] = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + MEMBER_BYTES > directory.byteLength || directory.readUInt32LE(at) !== MEMBER_SIGNATURE) {
      throw corrupt(file, 'its directory is damaged');
    }
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + MEMBER_BYTES, at + MEMBER_BYTES + nameLength);
    const method = directory.readUInt16LE(at + 10);
    const isReadable = (directory.readUInt16LE(at + 8) & ENCRYPTED) === 0 && (method === STORED || method === DEFLATED);
    if (isReadable) {
      members.push({
        name,
        size: directory.readUInt32LE(at + 24),
        crc: directory.readUInt32LE(at + 16),
        packedSize: directory.readUInt32LE(at + 20),
        isDeflated: method === DEFLATED,
        offset: directory.readUInt32LE(at + 42),
      });
    }
    at += MEMBER_BYTES + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return members;
}

async function readAt(handle: FileHandle, offset: number, length: number, file: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, offset);
  if (bytesRead < length) throw corrupt(file, 'it is cut off');
  return buffer;
}

function corrupt(file: string, why: string): SealerError {
  return new SealerError('CORRUPT_ARCHIVE', `${file} is no zip archive that can be read: ${why}`);
}

/** Tar archives for tests, in any order and with anything in them. */

import { Readable } from 'node:stream';

export interface TestEntry {
  readonly path: string;
  readonly content?: string | Buffer;
  /** The type of ustar: `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder. */
  readonly type?: string;
  readonly linkname?: string;
  /** What the header says, where it is to be a lie. */
  readonly size?: number;
}

/** A tar as bytes; our own headers, since no writer lets a test write what is forbidden. */
export function tarOf(entries: readonly TestEntry[], { end = true } = {}): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    return [headerOf(entry, entry.size ?? content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat(end ? [...blocks, Buffer.alloc(1024)] : blocks);
}

/** Bytes as a stream of chunks that end nowhere in particular. */
export function streamOf(bytes: Buffer, chunk = 1000): Readable {
  function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  return Readable.from(chunks(), { objectMode: false });
}

function headerOf({ path, type = '0', linkname = '' }: TestEntry, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(size.toString(8).padStart(11, '0') + '\0', 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(linkname, 157, 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
  return header;
}

/** Archives made by hand, as nobody's tar would write them. */

import { Readable } from 'node:stream';

export interface CraftedMember {
  readonly name: string;
  /** The type flag: `0` file, `1` hard link, `2` symlink, `5` folder… */
  readonly flag?: string;
  readonly link?: string;
  readonly mode?: number;
  readonly content?: string | Buffer;
  /** The size field, if it should lie. */
  readonly size?: string | number;
  readonly mtime?: number;
  /** Records of a PAX header before the member. */
  readonly pax?: Readonly<Record<string, string>>;
}

/** The blocks of members, without an end. */
export function craftMembers(...members: readonly CraftedMember[]): Buffer {
  return Buffer.concat(members.flatMap((member) => [paxHeader(member.pax), header(member), content(member)]));
}

/** An archive of members. */
export function craft(...members: readonly CraftedMember[]): Buffer {
  return Buffer.concat([craftMembers(...members), Buffer.alloc(1024)]);
}

/** A stream of bytes in pieces of a size. */
export function streamOf(bytes: Uint8Array, pieceBytes = 64 * 1024): Readable {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return Readable.from(pieces, { objectMode: false });
}

function header({ name, flag = '0', link = '', mode = 0o644, content = '', size, mtime = 0 }: CraftedMember): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, 'utf8');
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  block.write('0000000\x000000000\0', 108);
  const length = size ?? Buffer.byteLength(content);
  block.write(typeof length === 'string' ? length : `${length.toString(8).padStart(11, '0')}\0`, 124, 12, 'latin1');
  block.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136);
  block.write('        ', 148);
  block.write(flag, 156);
  block.write(link, 157, 100, 'utf8');
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function content({ content = '' }: CraftedMember): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.byteLength % 512)) % 512)]);
}

function paxHeader(pax: CraftedMember['pax']): Buffer {
  if (pax === undefined) return Buffer.alloc(0);
  const records = Object.entries(pax).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest;
    while (String(length).length + rest !== length) length = String(length).length + rest;
    return `${length} ${key}=${value}\n`;
  });
  return craftMembers({ name: 'pax', flag: 'x', content: records.join('') });
}

/** Reads a layer without unpacking it. */

import { Readable } from 'node:stream';
import type { Entry } from 'tar-stream';
import type { TarEntry } from './entry.ts';
import { completeLimits } from './limits.ts';
import { cleanPath, excerpt, unsafe } from './member-path.ts';
import { type Member, type ReadOptions, readMembers } from './members.ts';
import { OPAQUE_MARKER, WHITEOUT_PREFIX } from './whiteout.ts';

export interface ReadEntry {
  /** Clean, relative. Of a whiteout, the path that it removes; of an opaque marker, its folder (empty for the root). */
  readonly path: string;
  readonly type: TarEntry['type'] | 'whiteout' | 'opaque';
  readonly mode: number;
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Where in the archive the content begins, in bytes. */
  readonly offset: number;
  /** Symlink: its text. Hard link: the path of its target. */
  readonly linkname?: string;
  /** To be read before the next entry is asked for; what is not read is skipped. */
  readonly content: Readable;
}

/**
 * The entries of a layer's uncompressed tar, with whiteouts told from files (image-spec 1.1.1, layer.md#whiteouts).
 * @throws SealerError UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, CORRUPT_ARCHIVE, and whatever the stream fails with
 */
export async function* readEntries(tar: Readable, options: ReadOptions = {}): AsyncGenerator<ReadEntry> {
  for await (const member of readMembers(tar, options)) {
    const meaning = meaningOf(member.path);
    if (meaning === undefined) continue;
    const { body, uid, gid, path, type, ...rest } = member;
    let content: Readable | undefined;
    yield {
      ...rest,
      ...(meaning === 'file' ? { path, type } : meaning),
      get content() {
        content ??= streamOf(body, member);
        return content;
      },
    };
  }
}

/** What a name in a layer means: a file, or a change to the layers below; `undefined` for what is to be ignored. */
export function meaningOf(path: string): 'file' | { type: 'whiteout' | 'opaque'; path: string } | undefined {
  if (!path.includes(WHITEOUT_PREFIX)) return 'file';
  const names = path.split('/');
  const last = names.pop() ?? '';
  const folder = names.join('/');
  // What aufs kept for itself; containerd and Docker ignore it too.
  if (path.split('/').some((name) => name.startsWith(AUFS_PREFIX) && name !== OPAQUE_MARKER)) return undefined;
  if (names.some((name) => name.startsWith(WHITEOUT_PREFIX))) {
    throw unsafe(`${excerpt(path)} is inside a whiteout`);
  }
  if (last === OPAQUE_MARKER) return { type: 'opaque', path: folder };
  if (!last.startsWith(WHITEOUT_PREFIX)) return 'file';
  const name = last.slice(WHITEOUT_PREFIX.length);
  // `.wh...` would delete the folder above, and `.wh.` its own folder.
  if (name === '' || name === '.' || name === '..') throw unsafe(`${excerpt(path)} is a whiteout of no file`);
  return { type: 'whiteout', path: cleanPath(`${folder}/${name}`, completeLimits(undefined)) };
}

const AUFS_PREFIX = '.wh..wh.';

/** A Node.js stream over tar-stream's. Destroying it skips the rest of the content, and nothing else. */
function streamOf(body: Entry, { size }: Member): Readable {
  let left = size;
  const stream = new Readable({
    read() {
      if (left === 0) this.push(null);
      else body.resume();
    },
  });
  body.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (!stream.push(chunk) && !stream.destroyed) body.pause();
    if (left === 0) stream.push(null);
  });
  body.on('close', () => {
    if (left > 0) stream.destroy(new Error('The archive was left before its content was read'));
  });
  return stream;
}

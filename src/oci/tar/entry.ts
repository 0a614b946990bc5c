/** What a tar archive of ours consists of (image-spec 1.1.1, layer.md). */

export interface TarEntry {
  /** Relative, `/` separated, without `./` before and `/` after it. */
  readonly path: string;
  readonly type: EntryType;
  /** Permissions, set-user-ID and the like: the lower 12 bits. */
  readonly mode: number;
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Symlink: its text, as it is. Hard link: the path of an earlier entry of the same archive. */
  readonly linkname?: string;
  /** Where a file's bytes come from. A file of size 0 needs none. */
  readonly content?: EntryContent;
}

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink';

export type EntryContent = { readonly file: string } | { readonly bytes: Uint8Array };

/**
 * The order of entries in a layer: as one walks a tree, names by their bytes, a folder before what it holds and that
 * before the folder's later siblings. The same as `tar --sort=name`.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * Where a UTF-16 unit sorts. A slash ends a name, so it comes before all else. Surrogates stand for characters beyond
 * U+FFFF, whose UTF-8 bytes come after those of U+E000 to U+FFFF.
 */
function rank(unit: number): number {
  if (unit === SLASH) return -1;
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

const SLASH = 0x2f;

/** Files of a layer as a tree that has an end, however many there are. Pure. */

import type { FileNode, Rest } from './model.ts';

/** A file, folder or link of a layer. */
export interface ListedFile {
  /** Relative, `/` separated. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'removed';
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal SHA-256 of the content. */
  readonly digest?: string | undefined;
  readonly linkname?: string | undefined;
}

export interface FileTree {
  readonly content: readonly FileNode[];
  readonly rest?: Rest | undefined;
}

/** What one folder lists at most: who looks for one of ten thousand siblings does not scroll. */
const MAX_SIBLINGS = 1000;
/** Digits of a file's digest: enough to tell versions apart, and a page has many files. */
const DIGEST_DIGITS = 16;

/**
 * Lays out files as a tree, largest first. What the budget has no room for is counted in its folder; large folders are opened
 * before small ones, so that what is left out is what weighs least.
 * @param budget characters of the tree's JSON, about
 */
export function fileTree(files: Iterable<ListedFile>, budget: number): FileTree {
  const top = folderOf('');
  for (const file of files) put(top, file);
  measure(top);
  top.isShown = true;
  let left = budget;
  for (const folder of foldersBySize(top)) {
    if (!folder.isShown) continue;
    folder.listed = listedOf(folder, left);
    for (const entry of folder.listed) {
      left -= costOf(entry);
      if (isFolder(entry)) entry.isShown = true;
    }
  }
  return { content: top.listed.map(nodeOf), ...restOf(top) };
}

interface Folder {
  readonly name: string;
  readonly children: Map<string, Entry>;
  bytes: number;
  /** Files and folders below. */
  count: number;
  /** Whether its own folder lists it. */
  isShown: boolean;
  listed: readonly Entry[];
}

type Entry = Folder | (ListedFile & { readonly name: string });

function folderOf(name: string): Folder {
  return { name, children: new Map(), bytes: 0, count: 0, isShown: false, listed: [] };
}

function isFolder(entry: Entry): entry is Folder {
  return 'children' in entry;
}

function put(top: Folder, file: ListedFile): void {
  const names = file.path.split('/');
  const name = names.pop() ?? '';
  let at = top;
  for (const each of names) at = enter(at, each);
  if (file.type === 'directory') enter(at, name);
  else at.children.set(name, { ...file, name });
}

function enter(parent: Folder, name: string): Folder {
  const found = parent.children.get(name);
  if (found !== undefined && isFolder(found)) return found;
  const made = folderOf(name);
  parent.children.set(name, made);
  return made;
}

/** Sums up from the leaves, without recursion: paths of an archive may be thousands of folders deep. */
function measure(top: Folder): void {
  for (const folder of foldersOf(top).reverse()) {
    for (const child of folder.children.values()) {
      folder.bytes += bytesOf(child);
      folder.count += isFolder(child) ? child.count + 1 : 1;
    }
  }
}

/** Each folder before those in it. */
function foldersOf(top: Folder): Folder[] {
  const all = [top];
  for (const folder of all) for (const child of folder.children.values()) if (isFolder(child)) all.push(child);
  return all;
}

/** A folder is at least as large as those in it, and the sort is stable: it stays before them. */
function foldersBySize(top: Folder): readonly Folder[] {
  return foldersOf(top).sort((a, b) => b.bytes - a.bytes);
}

function listedOf({ children }: Folder, left: number): readonly Entry[] {
  const entries = [...children.values()].sort((a, b) => bytesOf(b) - bytesOf(a) || (a.name < b.name ? -1 : 1));
  let room = left;
  const count = entries.findIndex((entry, i) => {
    room -= costOf(entry);
    return i >= MAX_SIBLINGS || room < 0;
  });
  return count === -1 ? entries : entries.slice(0, count);
}

function nodeOf(entry: Entry): FileNode {
  if (isFolder(entry)) return { n: entry.name, s: entry.bytes, c: entry.listed.map(nodeOf), ...shortRest(entry) };
  const { name, size, digest, linkname, type } = entry;
  return {
    n: name,
    s: size,
    ...(digest === undefined ? {} : { d: digest.slice(0, DIGEST_DIGITS) }),
    ...(linkname === undefined ? {} : { l: linkname }),
    ...(type === 'removed' ? { x: 1 } : {}),
  };
}

function shortRest(folder: Folder): { r?: Rest } {
  const { rest } = restOf(folder);
  return rest === undefined ? {} : { r: rest };
}

function restOf({ count, bytes, listed }: Folder): { rest?: Rest } {
  const listedCount = listed.reduce((sum, each) => sum + (isFolder(each) ? each.count + 1 : 1), 0);
  const listedBytes = listed.reduce((sum, each) => sum + bytesOf(each), 0);
  return listedCount === count ? {} : { rest: [count - listedCount, bytes - listedBytes] };
}

function bytesOf(entry: Entry): number {
  return isFolder(entry) ? entry.bytes : entry.size;
}

/** About what an entry takes as JSON. A character beyond ASCII may take six (an escape). */
function costOf(entry: Entry): number {
  const text = isFolder(entry) ? entry.name : entry.name + (entry.linkname ?? '');
  return 30 + JSON.stringify(text).length + (isFolder(entry) || entry.digest === undefined ? 0 : DIGEST_DIGITS + 6);
}

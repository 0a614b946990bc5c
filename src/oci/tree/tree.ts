/** The files of an image as its layers together make them, without unpacking them (image-spec 1.1.1, layer.md). */

import { SealerError } from '../../error.ts';
import { comparePaths } from '../tar/entry.ts';
import type { IndexEntry, LayerIndex } from './layer-index.ts';

export interface TreeEntry extends IndexEntry {
  /** Which layer has it, counted from 0, the lowest; -1 for folders that no layer names. */
  readonly layer: number;
  /** Where the bytes of a file are, or of the file that a hard link is another name of. */
  readonly origin?: Origin;
}

/** A file in a layer. */
export interface Origin {
  readonly layer: number;
  /** As the layer calls it. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** A merged view of layers, lowest first. */
export class Tree {
  readonly #top: Node = newNode(undefined, { path: '', type: 'directory', mode: 0o755, size: 0, layer: -1 });

  /** Lays layers over one another, the lowest first. */
  static merge(indexes: readonly LayerIndex[]): Tree {
    const tree = new Tree();
    for (const [layer, index] of indexes.entries()) tree.#apply(index, layer);
    return tree;
  }

  /** What is at a path itself, a symlink included; symlinks on the way are followed. */
  get(path: string): TreeEntry | undefined {
    return this.#find(path, false)?.entry;
  }

  /**
   * The path that a path leads to when all symlinks are followed as a process with this root would: `/` is the root,
   * and nothing is above it. What does not exist is kept as it is.
   * @throws SealerError UNSAFE_ARCHIVE when symlinks lead in circles
   */
  resolve(path: string): string {
    return this.#walk(path, true).path;
  }

  /** Whether a path is a folder, or leads to one. */
  isDirectory(path: string): boolean {
    return this.#find(path, true)?.entry.type === 'directory';
  }

  /** Everything but the root, in the order of a layer (`comparePaths`). */
  *list(): Iterable<TreeEntry> {
    yield* listNode(this.#top);
  }

  #find(path: string, followLast: boolean): Node | undefined {
    return this.#walk(path, followLast).node;
  }

  /** Whiteouts first, wherever they stand: they are about the layers below only. */
  #apply(index: LayerIndex, layer: number): void {
    for (const path of index.opaques) this.#find(path, true)?.children.clear();
    for (const path of index.whiteouts) {
      const node = this.#find(path, false);
      node?.parent?.children.delete(nameOf(node.entry.path));
    }
    for (const entry of index.entries) this.#put(entry, layer);
  }

  #put(entry: IndexEntry, layer: number): void {
    const slash = entry.path.lastIndexOf('/');
    const parent = this.#makeFolder(slash === -1 ? '' : entry.path.slice(0, slash));
    const name = entry.path.slice(slash + 1);
    const path = joinPath(parent.entry.path, name);
    const below = parent.children.get(name);
    const origin = this.#originOf(entry, layer);
    const placed: TreeEntry = { ...entry, path, layer, ...(origin === undefined ? {} : { origin }) };
    // A folder over a folder updates it; anything else takes the place of all that was there.
    if (entry.type === 'directory' && below?.entry.type === 'directory') below.entry = placed;
    else parent.children.set(name, newNode(parent, placed));
  }

  /** A hard link is another name of what its target is now, whatever a higher layer makes of that. */
  #originOf(entry: IndexEntry, layer: number): Origin | undefined {
    if (entry.type === 'file') return { layer, path: entry.path, size: entry.size };
    return entry.type === 'hardlink' ? this.#find(entry.linkname ?? '', false)?.entry.origin : undefined;
  }

  /** The folder at a path; folders that no layer names are there as well. */
  #makeFolder(path: string): Node {
    const found = this.#walk(path, true);
    if (found.node?.entry.type === 'directory') return found.node;
    let at = this.#top;
    for (const name of found.path.split('/')) {
      let next = at.children.get(name);
      if (next?.entry.type !== 'directory') {
        const implied = joinPath(at.entry.path, name);
        next = newNode(at, { path: implied, type: 'directory', mode: 0o755, size: 0, layer: -1 });
        at.children.set(name, next);
      }
      at = next;
    }
    return at;
  }

  #walk(path: string, followLast: boolean): { readonly path: string; readonly node: Node | undefined } {
    const names = path.split('/').reverse();
    let at = this.#top;
    let hops = 0;
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      if (name === '' || name === '.') continue;
      const next: Node | undefined = name === '..' ? (at.parent ?? at) : at.children.get(name);
      if (next === undefined) return { path: restOf(at, name, names), node: undefined };
      if (next.entry.type !== 'symlink' || (names.length === 0 && !followLast)) {
        at = next;
        continue;
      }
      hops += 1;
      if (hops > MAX_HOPS) {
        throw new SealerError('UNSAFE_ARCHIVE', `"${path}" in the image leads through too many symlinks`);
      }
      const link = next.entry.linkname ?? '';
      if (link.startsWith('/')) at = this.#top;
      names.push(...link.split('/').reverse());
    }
    return { path: at.entry.path, node: at };
  }
}

/** As many as Linux follows (ELOOP). */
const MAX_HOPS = 40;

interface Node {
  entry: TreeEntry;
  readonly parent: Node | undefined;
  readonly children: Map<string, Node>;
}

function newNode(parent: Node | undefined, entry: TreeEntry): Node {
  return { entry, parent, children: new Map() };
}

function* listNode(node: Node): Iterable<TreeEntry> {
  for (const name of [...node.children.keys()].sort(comparePaths)) {
    const child = node.children.get(name);
    if (child === undefined) continue;
    yield child.entry;
    yield* listNode(child);
  }
}

/** A path of which a part does not exist, as far as it can be told: `..` goes up, never above the root. */
function restOf(at: Node, name: string, names: readonly string[]): string {
  const parts = at.entry.path === '' ? [] : at.entry.path.split('/');
  for (const part of [name, ...names.toReversed()]) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

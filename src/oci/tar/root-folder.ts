/**
 * Writes below one folder of this machine and never outside it, whatever names and symlinks an archive has. Nothing else
 * may write to the folder meanwhile.
 *
 * Each folder on the way to a file is looked at itself (lstat) before something is written into it, and files are made
 * with O_EXCL and O_NOFOLLOW. Synchronous, because the round trip of an asynchronous call costs more than the call.
 */

import { chmodSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readlinkSync, unlinkSync } from 'node:fs';
import { corrupt, excerpt, unsafe } from './member-path.ts';
import { removeFolder } from './remove-folder.ts';

/** A place below the root, whether something is there or not, and what is known of it. */
export interface Spot {
  readonly name: string;
  /** Its real path in the file system: none of its folders is a symlink. */
  readonly file: string;
  readonly parent: Spot | undefined;
  children: Map<string, Spot> | undefined;
  /** A folder that was looked at. */
  isFolder: boolean;
  /** The archive has this, or something in it. */
  isMade: boolean;
  /** The archive made it a symlink. */
  isOwnLink: boolean;
  /** What the folder is to look like in the end. */
  attributes: FolderAttributes | undefined;
}

export interface FolderAttributes {
  readonly mode: number;
  /** Seconds since 1970; left as it is when not given. */
  readonly mtime?: number;
}

/** A folder that an archive is unpacked into, from its opening to `finish`. */
export class RootFolder {
  readonly #top: Spot;

  /** @param root made when there is none */
  constructor(root: string) {
    mkdirSync(root, { recursive: true });
    this.#top = { ...newSpot('', root, undefined), isFolder: true, isMade: true };
  }

  /**
   * The spot of a path that is to be written; its folders are made where they are missing.
   * @param path clean
   * @throws SealerError UNSAFE_ARCHIVE when the way leads through a symlink of the archive itself
   */
  enter(path: string): Spot {
    const { folder, name } = splitPath(path);
    const parent = this.#walk(folder, true);
    return childOf(parent ?? this.#top, name);
  }

  /** The spot of a path whose folder may be missing; nothing is made. */
  find(path: string): Spot | undefined {
    const { folder, name } = splitPath(path);
    const parent = this.#walk(folder, false);
    return parent === undefined ? undefined : childOf(parent, name);
  }

  /** The spot of a folder, which may be missing; symlinks on the way and at its end are followed inside the root. */
  findFolder(path: string): Spot | undefined {
    return this.#walk(path, false);
  }

  /** Remembers that the archive has this, so that its own whiteouts do not remove it. */
  noteMade(spot: Spot): void {
    for (let at: Spot | undefined = spot; at !== undefined && !at.isMade; at = at.parent) at.isMade = true;
  }

  /** Removes a file, or a folder with all it holds; nothing when nothing is there. */
  remove(spot: Spot): void {
    const stats = lstatSync(spot.file, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) removeFolder(spot.file);
    else if (stats !== undefined) unlinkSync(spot.file);
    Object.assign(spot, UNKNOWN);
  }

  /** Removes what was here before the archive; what the archive has here stays. */
  hide(spot: Spot): void {
    if (!spot.isMade) this.remove(spot);
    else if (lstatSync(spot.file, { throwIfNoEntry: false })?.isDirectory() === true) this.hideContent(spot);
  }

  /** Does so with each thing in a folder. */
  hideContent(folder: Spot): void {
    const stats = lstatSync(folder.file, { throwIfNoEntry: false });
    if (stats?.isDirectory() !== true) return;
    makeAccessible(folder, stats.mode);
    for (const name of readdirSync(folder.file)) this.hide(childOf(folder, name));
  }

  /** Gives all folders their attributes; until then, they can be written to. */
  finish(): void {
    finishFolder(this.#top);
  }

  /** Goes to a folder as a process with this root would: `/` is the root, and nothing is above it. */
  #walk(path: string, create: boolean): Spot | undefined {
    const names = path.split('/').reverse();
    let at = this.#top;
    let hops = 0;
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      if (name === '' || name === '.') continue;
      const next = name === '..' ? (at.parent ?? at) : childOf(at, name);
      const found = next.isFolder ? 'folder' : look(next, create);
      if (found === undefined) return undefined;
      if (found === 'folder') {
        at = next;
        continue;
      }
      // A symlink of a layer below, like lib -> usr/lib. All hops count, as in Linux: links that lead through two more
      // links each would take forever otherwise.
      hops += 1;
      if (hops > MAX_HOPS) throw unsafe(`${excerpt(path)} leads through too many symlinks`);
      if (found.link.startsWith('/')) at = this.#top;
      names.push(...found.link.split('/').reverse());
    }
    return at;
  }
}

/** As many as Linux follows (ELOOP). */
const MAX_HOPS = 40;

const UNKNOWN = {
  children: undefined,
  isFolder: false,
  isMade: false,
  isOwnLink: false,
  attributes: undefined,
} satisfies Partial<Spot>;

function newSpot(name: string, file: string, parent: Spot | undefined): Spot {
  return { name, file, parent, ...UNKNOWN };
}

function childOf(folder: Spot, name: string): Spot {
  folder.children ??= new Map();
  let child = folder.children.get(name);
  if (child === undefined) {
    child = newSpot(name, `${folder.file}/${name}`, folder);
    folder.children.set(name, child);
  }
  return child;
}

/** What is at a spot on the way to another: a folder, a symlink, or nothing (then a folder is made, if wanted). */
function look(spot: Spot, create: boolean): 'folder' | { readonly link: string } | undefined {
  const stats = lstatSync(spot.file, { throwIfNoEntry: false });
  if (stats === undefined) {
    if (!create) return undefined;
    mkdirSync(spot.file, { mode: 0o755 });
    spot.attributes = { mode: 0o755 };
  } else if (stats.isDirectory()) {
    makeAccessible(spot, stats.mode);
  } else if (stats.isSymbolicLink()) {
    // First a symlink to /etc, then a file "through" it. No archive of a real folder goes through its own symlinks.
    if (spot.isOwnLink) throw unsafe(`it writes through its own symlink ${excerpt(spot.name)}`);
    return { link: readlinkSync(spot.file) };
  } else {
    if (!create) return undefined;
    throw corrupt(`it has files in ${excerpt(spot.name)}, which is a file itself`);
  }
  spot.isFolder = true;
  return 'folder';
}

/** A folder that a lower layer left without write permission can still be written into by its owner. */
function makeAccessible(spot: Spot, mode: number): void {
  if ((mode & 0o700) === 0o700) return;
  spot.attributes ??= { mode: mode & 0o7777 };
  chmodSync(spot.file, (mode & 0o7777) | 0o700);
}

/** What it holds first: the folder may end up without permission to enter it. */
function finishFolder(spot: Spot): void {
  for (const child of spot.children?.values() ?? []) finishFolder(child);
  if (spot.attributes === undefined) return;
  const { mode, mtime } = spot.attributes;
  if (mtime !== undefined) lutimesSync(spot.file, mtime, mtime);
  chmodSync(spot.file, mode);
}

function splitPath(path: string): { folder: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { folder: slash === -1 ? '' : path.slice(0, slash), name: path.slice(slash + 1) };
}

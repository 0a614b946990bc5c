/** Makes one member of an archive a file, folder or link. */

import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import type { Entry } from 'tar-stream';
import { isSystemError } from '../../error.ts';
import { corrupt, excerpt, unsafe } from './member-path.ts';
import type { Member } from './members.ts';
import type { RootFolder, Spot } from './root-folder.ts';

/**
 * Puts a member where it belongs, in place of what is there (but a folder over a folder updates it).
 * @param owners whether it belongs to whom the archive says
 * @throws SealerError UNSAFE_ARCHIVE, CORRUPT_ARCHIVE
 */
export async function placeMember(member: Member, folder: RootFolder, owners: boolean): Promise<void> {
  const spot = folder.enter(member.path);
  if (member.type === 'file') await placeFile(member, spot, folder, owners);
  else if (member.type === 'directory') placeFolder(member, spot, folder);
  else if (member.type === 'symlink') placeSymlink(member, spot, folder);
  else placeHardlink(member, spot, folder);
  folder.noteMade(spot);
  if (owners && (member.type === 'directory' || member.type === 'symlink')) {
    lchownSync(spot.file, member.uid, member.gid);
  }
}

async function placeFile(member: Member, spot: Spot, folder: RootFolder, owners: boolean): Promise<void> {
  // O_EXCL: the file is a new one, never what a symlink or an existing hard link leads to.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const descriptor = replacing(spot, folder, () => openSync(spot.file, flags, 0o600));
  try {
    if (member.size > 0) await copyContent(member.body, member.size, descriptor);
    if (owners) fchownSync(descriptor, member.uid, member.gid);
    // Last: writing and changing the owner clear the set-user-ID bit.
    fchmodSync(descriptor, member.mode);
    futimesSync(descriptor, member.mtime, member.mtime);
  } finally {
    closeSync(descriptor);
  }
}

/** What the parser has in memory is written at once; waiting for an event per file would cost more than the writing. */
async function copyContent(body: Entry, size: number, descriptor: number): Promise<void> {
  // What ended the archive early, a limit for instance. That of tar-stream itself says only that the archive ends here.
  let failure: unknown;
  const onError = (error: unknown) => {
    if (!(error instanceof Error && error.message === 'Unexpected end of data')) failure = error;
  };
  body.on('error', onError);
  try {
    for (let left = size; left > 0; ) {
      const chunk = body.read();
      if (chunk === null) {
        await untilReadable(body);
        if (body.destroyed) throw failure ?? corrupt('it ends within a file');
        continue;
      }
      for (let done = 0; done < chunk.byteLength; ) done += writeSync(descriptor, chunk, done);
      left -= chunk.byteLength;
    }
  } finally {
    body.off('error', onError);
  }
}

/** Waits until there is more to read, or never will be. */
function untilReadable(body: Entry): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      body.off('readable', settle);
      body.off('close', settle);
      resolve();
    };
    body.on('readable', settle);
    body.on('close', settle);
    if (body.destroyed) settle();
  });
}

function placeFolder(member: Member, spot: Spot, folder: RootFolder): void {
  // Writable until all is unpacked, and only then what the archive says.
  const mode = member.mode | 0o700;
  try {
    mkdirSync(spot.file, { mode });
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
    if (lstatSync(spot.file).isDirectory()) {
      chmodSync(spot.file, mode);
    } else {
      // A symlink to a folder is no folder: else the archive would choose where its files go.
      folder.remove(spot);
      mkdirSync(spot.file, { mode });
    }
  }
  spot.isFolder = true;
  spot.attributes = { mode: member.mode, mtime: member.mtime };
}

function placeSymlink(member: Member, spot: Spot, folder: RootFolder): void {
  // Kept as text: an absolute target is right inside the image. Nothing of ours ever follows it to the outside.
  replacing(spot, folder, () => symlinkSync(member.linkname ?? '', spot.file));
  lutimesSync(spot.file, member.mtime, member.mtime);
  spot.isOwnLink = true;
}

function placeHardlink(member: Member, spot: Spot, folder: RootFolder): void {
  const name = excerpt(member.path);
  const target = folder.find(member.linkname ?? '');
  const stats = target === undefined ? undefined : lstatSync(target.file, { throwIfNoEntry: false });
  if (target === undefined || stats === undefined) {
    throw corrupt(`the hard link ${name} leads to ${excerpt(member.linkname ?? '')}, which is not there`);
  }
  if (stats.isDirectory()) throw unsafe(`the hard link ${name} leads to a folder`);
  // Else the file would be removed to make room for a link to itself.
  if (target === spot) return;
  // link(2) does not follow a symlink: a hard link to a symlink is one more symlink, not a way to its target.
  replacing(spot, folder, () => linkSync(target.file, spot.file));
  spot.isOwnLink = stats.isSymbolicLink();
}

/** Makes something new where nothing may be, and removes what is there only when something is. */
function replacing<T>(spot: Spot, folder: RootFolder, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!isSystemError(error, 'EEXIST', 'ELOOP')) throw error;
    folder.remove(spot);
    return make();
  }
}

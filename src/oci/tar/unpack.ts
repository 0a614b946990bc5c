/** Unpacks layers and archives that may be hostile. */

import type { Readable } from 'node:stream';
import { isSystemError, SealerError } from '../../error.ts';
import { decompress, sniffCompression } from '../compress/decompress.ts';
import { completeLimits } from './limits.ts';
import { corrupt, excerpt, unsafe } from './member-path.ts';
import { type Member, type ReadOptions, readMembers } from './members.ts';
import { placeMember } from './place.ts';
import { meaningOf } from './read.ts';
import { RootFolder } from './root-folder.ts';

export interface UnpackOptions extends ReadOptions {
  /** Whether files belong to whom the archive says (needs root) or to who runs this. Default: the latter. */
  readonly owners?: boolean | undefined;
}

/**
 * Applies a layer to a folder that has the layers below it (image-spec 1.1.1, layer.md#applying-changesets): a folder
 * over a folder updates it, anything else replaces what is there; whiteouts remove. Works without root.
 * @param tar the uncompressed archive
 * @param root made when there is none; nothing is ever written outside it
 * @throws SealerError UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, CORRUPT_ARCHIVE, DISK_FULL, PERMISSION, and whatever the stream
 *   fails with
 */
export async function unpackLayer(tar: Readable, root: string, options: UnpackOptions = {}): Promise<void> {
  await unpack(tar, root, options, async (member, folder) => {
    const meaning = meaningOf(member.path);
    if (meaning === 'file') return await placeMember(member, folder, options.owners ?? false);
    if (meaning === undefined) return;
    const isOpaque = meaning.type === 'opaque';
    const spot = isOpaque ? folder.findFolder(meaning.path) : folder.find(meaning.path);
    if (spot === undefined) return;
    if (isOpaque) folder.hideContent(spot);
    else folder.hide(spot);
  });
}

/**
 * Unpacks an archive that is no layer: whiteouts have no meaning in it, and names that look like one are refused.
 * @param tar the archive, as it is or compressed with gzip or zstd
 * @throws SealerError as `unpackLayer`
 */
export async function unpackArchive(tar: Readable, root: string, options: UnpackOptions = {}): Promise<void> {
  const { compression, stream } = await sniffCompression(tar);
  const plain = decompress(stream, compression, completeLimits(options.limits), options.signal);
  const strict: UnpackOptions = { ...options, absoluteNames: 'refuse' };
  await unpack(plain, root, strict, async (member, folder) => {
    // It would be a file here and a deletion in the layer that it is packed into.
    if (meaningOf(member.path) !== 'file') throw unsafe(`${excerpt(member.path)} has a name that layers reserve`);
    await placeMember(member, folder, options.owners ?? false);
  });
}

type Handle = (member: Member, folder: RootFolder) => Promise<void>;

async function unpack(tar: Readable, root: string, options: ReadOptions, handle: Handle): Promise<void> {
  try {
    const folder = new RootFolder(root);
    for await (const member of readMembers(tar, options)) await handle(member, folder);
    folder.finish();
  } catch (error) {
    throw describeFailure(error);
  }
}

function describeFailure(error: unknown): unknown {
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) {
    return new SealerError('DISK_FULL', 'No space is left to unpack the archive', { cause: error });
  }
  if (isSystemError(error, 'EACCES', 'EPERM', 'EROFS')) {
    const where = error.path === undefined ? '' : `: ${error.path}`;
    return new SealerError('PERMISSION', `The archive cannot be unpacked${where} (${error.code})`, { cause: error });
  }
  // Entries that contradict each other: a hard link to what is in the folder that it replaces.
  if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EMLINK')) {
    return corrupt(`it cannot be unpacked (${error.message})`, error);
  }
  if (isSystemError(error, 'ENAMETOOLONG')) return unsafe('it has a path that is too long');
  return error;
}

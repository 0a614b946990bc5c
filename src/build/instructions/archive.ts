/** ADD of a local archive: told by its content, as docker does, and unpacked where it stands. */

import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Place, SealerError } from '../../error.ts';
import { isTarArchive, unpackArchive, walkTree } from '../../oci/tar/index.ts';
import type { Builder } from '../builder.ts';
import type { CopySource } from './destination.ts';

/** What docker unpacks and we do not, by its first bytes. */
const UNSUPPORTED: readonly (readonly [string, Buffer])[] = [
  ['bzip2', Buffer.from('BZh')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
];

/**
 * Whether a file is a tar archive that ADD unpacks: plain, gzip or zstd.
 * @throws SealerError CORRUPT_ARCHIVE for compressions that docker unpacks and we do not
 */
export async function isArchive(file: string, at: Place): Promise<boolean> {
  const head = readHead(file, 8);
  const unsupported = UNSUPPORTED.find(([, magic]) => head.subarray(0, magic.length).equals(magic));
  if (unsupported === undefined) return isTarArchive(file);
  throw new SealerError('CORRUPT_ARCHIVE', `ADD cannot unpack ${file}: ${unsupported[0]} is not supported`, {
    at,
    hint: 'Compress it with gzip or zstd, or take it as it is by COPY and unpack it in a RUN.',
  });
}

/** Unpacks an archive beside everything else; its contents are then copied like a folder's, with the archive's modes. */
export async function loadArchive(builder: Builder, file: string): Promise<CopySource> {
  const { store, signal } = builder.world;
  const scratch = builder.cleanup.use(await store.scratch('archive'));
  const root = join(scratch.path, 'root');
  await mkdir(root);
  await unpackArchive(createReadStream(file), root, signal === undefined ? {} : { signal });
  return { name: '', isDirectory: true, entries: await walkTree(root) };
}

function readHead(file: string, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  const handle = openSync(file, 'r');
  try {
    return buffer.subarray(0, readSync(handle, buffer));
  } finally {
    closeSync(handle);
  }
}

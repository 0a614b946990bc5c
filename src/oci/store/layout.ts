/** Making and checking the folder of a store: an OCI image layout (image-spec 1.1.1, image-layout.md). */

import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, SealerError } from '../../error.ts';
import { writeAtomically } from './atomic-file.ts';
import { ALGORITHMS, type StorePaths } from './paths.ts';

const LAYOUT_VERSION = '1.0.0';

/** What may lie in a folder that we turn into a store: what we make before `oci-layout`, and what a disk brings along. */
const HARMLESS = new Set(['ingest', 'lost+found']);

/**
 * Makes the layout where there is none, and makes sure that an existing folder is one that we understand.
 * @throws SealerError STORE_INVALID
 */
export async function ensureLayout(paths: StorePaths): Promise<void> {
  const text = await readLayoutFile(paths);
  if (text === undefined) await createLayout(paths);
  else checkLayout(paths, text);
  await makeFolders(paths);
}

async function readLayoutFile(paths: StorePaths): Promise<string | undefined> {
  try {
    return await readFile(paths.layout, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    if (isSystemError(error, 'ENOTDIR')) throw invalid(paths, 'it is a file');
    throw error;
  }
}

async function createLayout(paths: StorePaths): Promise<void> {
  // Folders come before the file, so that two processes that begin at once see only what HARMLESS knows.
  await mkdir(paths.ingest, { recursive: true });
  const foreign = (await readdir(paths.root)).filter((name) => !HARMLESS.has(name));
  // Another process may have been faster: then its layout file is there by now.
  if (foreign.length > 0 && (await readLayoutFile(paths)) === undefined) {
    throw invalid(paths, `it holds other files (${foreign.sort().slice(0, 3).join(', ')})`);
  }
  await writeAtomically(paths, paths.layout, `{"imageLayoutVersion":"${LAYOUT_VERSION}"}`, { sync: true });
}

function checkLayout(paths: StorePaths, text: string): void {
  let version: unknown;
  try {
    version = JSON.parse(text)?.imageLayoutVersion;
  } catch (cause) {
    throw invalid(paths, 'its oci-layout file is not JSON', cause);
  }
  if (typeof version !== 'string') throw invalid(paths, 'its oci-layout file has no imageLayoutVersion');
  if (!/^1\.\d+\.\d+$/.test(version)) {
    throw invalid(paths, `it is an image layout of version ${version}, and this sealer knows ${LAYOUT_VERSION}`);
  }
}

async function makeFolders(paths: StorePaths): Promise<void> {
  const folders = [paths.ingest, paths.leases, paths.scratch, paths.trash, paths.unsynced, paths.cache];
  folders.push(...ALGORITHMS.flatMap((each) => [join(paths.blobs, each), join(paths.aliases, each)]));
  try {
    for (const folder of folders) await mkdir(folder, { recursive: true });
  } catch (error) {
    // A store of somebody else can be read all the same.
    if (!isSystemError(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
  }
}

function invalid(paths: StorePaths, why: string, cause?: unknown): SealerError {
  return new SealerError('STORE_INVALID', `${paths.root} is not a store of sealer: ${why}`, {
    hint: 'Let SEALER_HOME name an empty or new folder, or an OCI image layout of version 1.0.0.',
    cause,
  });
}

/** Links: files that hold a digest and nothing else, which is how a repository has content. */

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError } from '../../../error.ts';
import { type Digest, isDigest } from '../../../oci/digest.ts';

/** Left-overs of a process that died between writing and renaming are swept after a day. */
const STALE_MS = 24 * 3600_000;

/** The digest in a link; undefined when there is no link, or what is in it is no digest. */
export async function readLink(path: string): Promise<Digest | undefined> {
  const text = (await ifThere(readFile(path, 'utf8')))?.trim();
  return text !== undefined && isDigest(text) ? text : undefined;
}

/** Writes a link, whole or not at all: `sha256:` and the digits, no newline. */
export async function writeLink(temporary: string, path: string, digest: Digest): Promise<void> {
  await writeWhole(temporary, path, Buffer.from(digest));
}

/** Writes a file so that a reader sees all of it or nothing, with its folders. */
export async function writeWhole(temporary: string, path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(temporary, { recursive: true });
  const half = join(temporary, randomUUID());
  try {
    await writeFile(half, bytes, { flag: 'wx', mode: 0o644, flush: true });
    await moveInto(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
}

/** Renames a file into a folder that is made for it, and made again when a deletion takes it away in between. */
export async function moveInto(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    await mkdir(dirname(to), { recursive: true });
    try {
      return await rename(from, to);
    } catch (error) {
      if (!isSystemError(error, 'ENOENT') || attempt === 3) throw error;
    }
  }
}

/** Removes files of dead processes. */
export async function sweepTemporary(temporary: string): Promise<void> {
  for (const name of (await ifThere(readdir(temporary))) ?? []) {
    const path = join(temporary, name);
    const info = await ifThere(stat(path));
    if (info !== undefined && Date.now() - info.mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}

/** What a file operation gives, undefined when the file or a folder above it does not exist. */
export async function ifThere<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

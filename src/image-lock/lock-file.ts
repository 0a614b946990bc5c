/** The lock as a file of the context. */

import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, lstat, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { isSystemError, SealerError } from '../error.ts';
import type { ImageLock } from './lock.ts';
import { parseLock } from './parse-lock.ts';
import { MAX_LOCK_CHARACTERS } from './yaml-tree.ts';

/** What stands in the file, and what it says. */
export interface LockFileContent {
  readonly text: string;
  readonly lock: ImageLock;
}

/**
 * Reads a lock.
 * @param file path as the user knows it
 * @param context folder that a link may lead into
 * @returns undefined when there is none
 * @throws SealerError LOCK_INVALID, PERMISSION, SOURCE_OUTSIDE_CONTEXT
 */
export async function readLockFile(file: string, context: string): Promise<LockFileContent | undefined> {
  const path = await followLink(file, context);
  const bytes = await withReason(file, 'read', async () => {
    const found = path === undefined ? undefined : await statOrUndefined(path);
    if (path === undefined || found === undefined) return undefined;
    // A pipe would be waited for without end.
    if (!found.isFile()) throw invalid(file, 'is not a file');
    if (found.size > MAX_LOCK_CHARACTERS) throw invalid(file, 'is too large for a lock');
    return readFile(path);
  });
  if (bytes === undefined) return undefined;
  const text = decode(bytes, file);
  return { text, lock: parseLock(text, file) };
}

/**
 * Writes a lock whole or not at all. The file keeps its mode; the same text is not written again.
 * @returns whether the file has changed
 * @throws SealerError LOCK_INVALID, PERMISSION, SOURCE_OUTSIDE_CONTEXT
 */
export async function writeLockFile(file: string, text: string, context: string): Promise<boolean> {
  const path = (await followLink(file, context)) ?? file;
  return withReason(file, 'written', async () => {
    const found = await statOrUndefined(path);
    if (found !== undefined && !found.isFile()) throw invalid(file, 'is not a file');
    if (found !== undefined && (await readFile(path)).equals(Buffer.from(text))) return false;
    const draft = `${path}.${randomUUID()}.part`;
    try {
      await writeFile(draft, text, { flag: 'wx' });
      // The mode given on creation would lose what the umask takes.
      if (found !== undefined) await chmod(draft, found.mode & 0o7777);
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    return true;
  });
}

/** Where a link leads: a lock that somebody else's repository makes lead out of the context is not followed. */
async function followLink(file: string, context: string): Promise<string | undefined> {
  return withReason(file, 'read', async () => {
    const link = await lstat(file).catch((error: unknown) => {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    });
    if (link === undefined) return undefined;
    if (!link.isSymbolicLink()) return file;
    const target = await realpath(file).catch((error: unknown) => {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw invalid(file, 'is a link that leads nowhere');
      throw error;
    });
    const inContext = relative(await realpath(context), target);
    if (inContext === '..' || inContext.startsWith(`..${sep}`)) {
      throw new SealerError('SOURCE_OUTSIDE_CONTEXT', `${file} is a link that leads outside the build context`, {
        at: { file },
        hint: 'Put the lock itself there.',
      });
    }
    return target;
  });
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(file, 'is not UTF-8 text');
  }
}

async function withReason<T>(file: string, verb: 'read' | 'written', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isSystemError(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR')) throw cause;
    const why = isSystemError(cause, 'ENOENT', 'ENOTDIR') ? 'its folder does not exist' : 'permission denied';
    throw new SealerError('PERMISSION', `${file} cannot be ${verb}: ${why}`, { cause, at: { file } });
  }
}

function invalid(file: string, why: string): SealerError {
  return new SealerError('LOCK_INVALID', `${file} ${why}`, {
    at: { file },
    hint: 'Remove it, and write it anew with "sealer lock --update".',
  });
}

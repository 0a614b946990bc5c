/**
 * Aliases: content that lies inside a larger blob. The blob of a container image, for instance, is kept only as a part of
 * the tar layer that carries it; its alias says in which blob, and where in it.
 */

import { readFile, unlink } from 'node:fs/promises';
import { type Digest, isDigest } from '../digest.ts';
import { writeAtomically } from './atomic-file.ts';
import { statIfThere } from './blob-list.ts';
import { aliasPath, blobPath, type StorePaths } from './paths.ts';

export interface Alias {
  /** The blob that the content is a part of. */
  readonly digest: Digest;
  /** Where in it the content begins, in bytes. */
  readonly offset: number;
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
  if (alias !== undefined && blob !== undefined && blob.size >= alias.offset + alias.size) return alias;
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
    const { digest, offset, size } = JSON.parse(text);
    const numbers = [offset, size].every((each) => Number.isSafeInteger(each) && each >= 0);
    return typeof digest === 'string' && isDigest(digest) && numbers ? { digest, offset, size } : undefined;
  } catch {
    return undefined;
  }
}

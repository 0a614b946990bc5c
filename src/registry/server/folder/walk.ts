/** Listing what a folder of repositories holds. */

import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import { isRepositoryPath } from '../../../oci/reference.ts';
import { ifThere } from './link.ts';

/** All repositories below a folder, sorted by code unit. A repository may lie in another: `a` and `a/b`. */
export async function listRepositories(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (name: string): Promise<void> => {
    const entries = await folders(join(folder, name));
    // Names of repositories do not start with an underscore, so what does is distribution's own.
    if (entries.includes('_manifests') || entries.includes('_layers')) found.push(name);
    for (const entry of entries) {
      const below = name === '' ? entry : `${name}/${entry}`;
      if (!entry.startsWith('_') && isRepositoryPath(below)) await visit(below);
    }
  };
  await visit('');
  return found.filter((name) => name !== '').sort();
}

/** The digests that a `<algorithm>/<hex>/link` folder has. */
export async function listDigests(folder: string): Promise<Digest[]> {
  const found: Digest[] = [];
  for (const algorithm of await folders(folder)) {
    for (const hex of await folders(join(folder, algorithm))) {
      const digest = `${algorithm}:${hex}`;
      if (isDigest(digest)) found.push(digest);
    }
  }
  return found;
}

/** Names of the folders in a folder; none when it does not exist. */
export async function folders(path: string): Promise<string[]> {
  const entries: Dirent[] = (await ifThere(readdir(path, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

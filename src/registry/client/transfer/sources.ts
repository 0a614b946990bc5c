/**
 * Where blobs are known to be: noted when they are pulled or pushed, for mounting them into other repositories of the
 * same registry later, instead of sending them. A note can be wrong or lost; nothing depends on it.
 */

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { algorithmOf, type Digest, hexOf } from '../../../oci/digest.ts';
import type { Reference } from '../../../oci/reference.ts';
import type { Store } from '../../../oci/store/index.ts';

type Place = Pick<Reference, 'registry' | 'repository'>;

const MOST = 8;

/** Repositories of the registry that should have the blob, the latest first; not the place itself. */
export async function knownSources(store: Store, digest: Digest, place: Place): Promise<readonly string[]> {
  const lines = await read(await fileOf(store, digest));
  const prefix = `${place.registry}/`;
  return lines
    .filter((line) => line.startsWith(prefix) && line !== nameOf(place))
    .map((line) => line.slice(prefix.length));
}

/** Notes that a repository has a blob. */
export async function noteSource(store: Store, digest: Digest, place: Place): Promise<void> {
  const file = await fileOf(store, digest);
  const known = await read(file);
  const name = nameOf(place);
  if (known[0] === name) return;
  const lines = [name, ...known.filter((line) => line !== name)].slice(0, MOST);
  const draft = `${file}.${process.pid}`;
  try {
    await writeFile(draft, `${lines.join('\n')}\n`);
    await rename(draft, file);
  } catch {
    await rm(draft, { force: true }).catch(() => {});
  }
}

async function fileOf(store: Store, digest: Digest): Promise<string> {
  return join(await store.cacheFolder('blob-sources'), `${algorithmOf(digest)}-${hexOf(digest)}`);
}

async function read(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  } catch {
    return [];
  }
}

function nameOf({ registry, repository }: Place): string {
  return `${registry}/${repository}`;
}

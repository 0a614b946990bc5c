/** What an archive turned out to hold, so that an archive of gigabytes is read once and not at each build. */

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, SealerError } from '../error.ts';
import { collectContent } from '../oci/archive/content.ts';
import { checkDescriptor } from '../oci/descriptor.ts';
import { digestOf, hexOf } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import type { Store } from '../oci/store/index.ts';
import type { ImportedImage } from './import-archive.ts';
import { platformsOf } from './platforms-of.ts';

/** Raised when the same archive would be read in another way. */
const VERSION = 1;

/** The images of content that was read before, if all of them are in the store as they were. */
export async function recallImport(store: Store, identity: string): Promise<readonly ImportedImage[] | undefined> {
  try {
    const list: unknown = JSON.parse(await readFile(await fileOf(store, identity), 'utf8'));
    if (!Array.isArray(list)) return undefined;
    const images: ImportedImage[] = [];
    for (const each of list) images.push(await recallOne(store, Object(each)));
    return images;
  } catch (error) {
    // A cache only saves time: what is missing in it, cut off or pruned is read again.
    const isUseless = error instanceof SealerError || error instanceof SyntaxError || isSystemError(error, 'ENOENT');
    if (isUseless || error instanceof Forgotten) return undefined;
    throw error;
  }
}

/** Keeps what content of an identity held. */
export async function rememberImport(store: Store, identity: string, images: readonly ImportedImage[]): Promise<void> {
  const list = images.map(({ reference, descriptor, platforms }) => ({
    name: reference === undefined ? null : formatReference(reference),
    descriptor,
    platforms: platforms.map(formatPlatform),
  }));
  const file = await fileOf(store, identity);
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(list));
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

class Forgotten extends Error {}

async function recallOne(
  store: Store,
  { name, descriptor: written, platforms: said }: Record<string, unknown>,
): Promise<ImportedImage> {
  const descriptor = checkDescriptor(written, 'descriptor');
  await collectContent(store, descriptor, new Map());
  const platforms = await platformsOf(store, descriptor);
  // An index counts as whole with one manifest; the others may have been pruned.
  if (JSON.stringify(platforms.map(formatPlatform)) !== JSON.stringify(said)) throw new Forgotten();
  return { reference: typeof name === 'string' ? parseReference(name) : undefined, descriptor, platforms };
}

async function fileOf(store: Store, identity: string): Promise<string> {
  return join(await store.cacheFolder('local-images'), `${hexOf(digestOf(`${VERSION} ${identity}`))}.json`);
}

/**
 * The small content of a store (manifests, configs, small layers) in a folder that a cache can carry from run to run.
 * Every file is named by its digest and is nothing until its bytes have that digest, so a poisoned cache is a cold one.
 */

import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf, hexOf, isDigest } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';

/** Larger blobs are faster fetched from their registry, in parallel and by range, than unpacked from one archive. */
export const MAX_HOT_BYTES = 1024 * 1024;
/** A cache of 10 GB is shared by everything in a repository. */
const MAX_TOTAL_BYTES = 128 * 1024 * 1024;

/**
 * Takes what a cache brought into the store. Links, large files and everything whose bytes are not what the name says are
 * left out.
 * @returns how many were taken, and how many refused
 */
export async function takeHotBlobs(folder: string, store: Store): Promise<{ taken: number; refused: number }> {
  let taken = 0;
  let refused = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const bytes = await readHotBlob(join(folder, name), `sha256:${name}`);
    if (bytes === undefined) refused++;
    else {
      await store.add(bytes, 'application/octet-stream');
      taken++;
    }
  }
  return { taken, refused };
}

/** What of a store is worth keeping: the digests of its small blobs, sorted, until the limit is reached. */
export async function listHotBlobs(store: Store): Promise<readonly Digest[]> {
  // The store is an OCI image layout (image-spec 1.1.1, image-layout.md), so this is where its blobs are.
  const folder = join(store.root, 'blobs', 'sha256');
  const found: Digest[] = [];
  let total = 0;
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const digest = `sha256:${name}`;
    const stats = await lstat(join(folder, name)).catch(() => undefined);
    if (!isDigest(digest) || stats?.isFile() !== true || stats.size > MAX_HOT_BYTES) continue;
    total += stats.size;
    if (total > MAX_TOTAL_BYTES) break;
    found.push(digest);
  }
  return found;
}

/** Fills an empty folder with blobs; each is verified as it is read. */
export async function putHotBlobs(folder: string, store: Store, digests: readonly Digest[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const digest of digests) {
    await writeFile(join(folder, hexOf(digest)), await store.bytes(digest, MAX_HOT_BYTES), { mode: 0o600 });
  }
}

async function readHotBlob(file: string, digest: string): Promise<Buffer | undefined> {
  const stats = await lstat(file);
  if (!stats.isFile() || stats.size > MAX_HOT_BYTES || !isDigest(digest)) return undefined;
  const bytes = await readFile(file);
  return digestOf(bytes) === digest ? bytes : undefined;
}

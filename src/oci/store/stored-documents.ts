/** Manifests and indexes among the blobs: found by looking, since a layout keeps no list of them. */

import { open } from 'node:fs/promises';
import type { Descriptor } from '../descriptor.ts';
import type { Digest } from '../digest.ts';
import { type Document, MAX_MANIFEST_BYTES, parseDocument } from '../manifest.ts';
import { listBlobs } from './blob-list.ts';
import { blobPath, pathsOf, type StorePaths } from './paths.ts';
import type { Store } from './store.ts';

/**
 * The referrers that the store holds: for each subject the documents that name it, as distribution-spec 1.1.1 describes
 * them in a list of referrers. Reads every small blob, so ask once.
 */
export async function knownReferrers(store: Store): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  return await findReferrers(pathsOf(store.root));
}

/** The same by the paths of a store. */
export async function findReferrers(paths: StorePaths): Promise<Map<Digest, Descriptor[]>> {
  const found = new Map<Digest, Descriptor[]>();
  for await (const { file, stats } of listBlobs(paths)) {
    const bytes = await readJson(file, stats.size);
    // Most small blobs are configs; they need not be parsed.
    if (bytes === undefined || !bytes.includes('"subject"')) continue;
    const document = parse(bytes);
    if (document === undefined) continue;
    const { subject, artifactType, annotations } = document.kind === 'index' ? document.index : document.manifest;
    if (typeof subject?.digest !== 'string') continue;
    const type = artifactType ?? (document.kind === 'manifest' ? document.manifest.config.mediaType : undefined);
    const descriptor = { ...document.descriptor, artifactType: type, annotations };
    found.set(subject.digest, [...(found.get(subject.digest) ?? []), descriptor]);
  }
  return found;
}

/** A document read without verifying it or relying on it; `undefined` where it is none. */
export async function peekDocument(paths: StorePaths, digest: Digest): Promise<Document | undefined> {
  const bytes = await readJson(blobPath(paths, digest));
  return bytes === undefined ? undefined : parse(bytes);
}

async function readJson(file: string, size = 0): Promise<Buffer | undefined> {
  if (size > MAX_MANIFEST_BYTES) return undefined;
  try {
    await using handle = await open(file, 'r');
    const length = (await handle.stat()).size;
    if (length > MAX_MANIFEST_BYTES) return undefined;
    const first = Buffer.alloc(1);
    await handle.read(first, 0, 1, 0);
    if (first.toString('latin1') !== '{') return undefined;
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, 0);
    return bytes.subarray(0, bytesRead);
  } catch {
    return undefined;
  }
}

function parse(bytes: Buffer): Document | undefined {
  try {
    return parseDocument(bytes);
  } catch {
    return undefined;
  }
}

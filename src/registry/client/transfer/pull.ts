/** An image from its registry into the store: what is here is not fetched again, and what comes is checked. */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { algorithmOf, type Digest, shortDigest } from '../../../oci/digest.ts';
import { type Document, type IndexDocument, selectPlatform } from '../../../oci/manifest.ts';
import { isIndexType, isManifestType, isNondistributable } from '../../../oci/media-types.ts';
import { formatPlatform, hostPlatform, type Platform } from '../../../oci/platform.ts';
import { familiarReference, type Reference } from '../../../oci/reference.ts';
import type { Store } from '../../../oci/store/index.ts';
import { type Report, silent } from '../../../progress.ts';
import type { RegistryClient } from '../client.ts';
import { type PulledBlob, pullBlob } from './pull-blob.ts';
import { pullReferrers } from './pull-referrers.ts';
import { together } from './together.ts';

export interface PullOptions {
  /** Which platforms of an index; `all` takes also what is for no platform (attestations). Default: this machine's. */
  readonly platforms?: readonly Platform[] | 'all' | undefined;
  /** Take along what refers to the image and to the manifests that are pulled: signatures, SBOMs. Default: no. */
  readonly referrers?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

export interface PullResult {
  /** What the reference points to: an index stays whole, also if only some of its platforms were taken. */
  readonly descriptor: Descriptor;
  /** Bytes that crossed the network. */
  readonly moved: number;
  /** Bytes that were here. */
  readonly reused: number;
}

/** Indexes in indexes are rare; deeper than this is no image but an attack. */
const MAX_DEPTH = 4;

interface Pull {
  readonly client: RegistryClient;
  readonly store: Store;
  readonly ref: Reference;
  readonly platforms: readonly Platform[] | 'all';
  readonly report: Report;
}

/**
 * Pulls an image into the store. It gets no name there: that is for the caller.
 * @throws SealerError IMAGE_NOT_FOUND, PLATFORM_NOT_FOUND, DIGEST_MISMATCH, SIZE_MISMATCH, INVALID_MANIFEST and others of
 *   the client and the store
 */
export async function pullImage(
  client: RegistryClient,
  store: Store,
  ref: Reference,
  options: PullOptions = {},
): Promise<PullResult> {
  const { platforms = [hostPlatform()], signal, report = silent } = options;
  const pull: Pull = { client, store, ref, platforms, report };
  const top = await client.resolve(ref, signal);
  const counts = { moved: 0, reused: 0 };
  const count = ({ moved, reused }: PulledBlob) => {
    counts.moved += moved;
    counts.reused += reused;
  };
  const document = await pullDocument(pull, top, count, signal);
  const manifests = await pullManifests(pull, document, count, signal);
  const blobs = new Map<string, { blob: Descriptor; label: string }>();
  for (const { name, config, layers } of manifests) {
    if (!blobs.has(config.digest)) blobs.set(config.digest, { blob: config, label: `${name} config` });
    for (const layer of layers) {
      const label = `${name} ${shortDigest(layer.digest)}`;
      if (!blobs.has(layer.digest)) blobs.set(layer.digest, { blob: layer, label });
    }
  }
  // Large ones first: a large one that begins last would run alone.
  const order = [...blobs.values()].sort((a, b) => b.blob.size - a.blob.size);
  const pulled = await together(order, ({ blob, label }, either) => pullPart(pull, blob, label, either), signal);
  for (const each of pulled) count(each);
  if (options.referrers === true) {
    const subjects = [document.descriptor.digest, ...manifests.map(({ digest }) => digest)];
    counts.moved += await pullReferrers(client, store, ref, subjects, { signal, report });
  }
  return { descriptor: document.descriptor, ...counts };
}

interface FoundManifest {
  /** For people: `nginx:1.25 linux/arm64`. */
  readonly name: string;
  readonly digest: Digest;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

async function pullManifests(
  pull: Pull,
  document: Document,
  count: (pulled: PulledBlob) => void,
  signal: AbortSignal | undefined,
  platform?: Platform,
  depth = 0,
): Promise<FoundManifest[]> {
  const name = familiarReference(pull.ref);
  if (document.kind === 'manifest') {
    const { digest } = document.descriptor;
    const { config, layers } = document.manifest;
    return [{ name: platform === undefined ? name : `${name} ${formatPlatform(platform)}`, digest, config, layers }];
  }
  if (depth === MAX_DEPTH) throw new SealerError('INVALID_MANIFEST', `${name} has indexes in indexes without end`);
  const found = await together(
    chosenChildren(document, pull),
    async (child, either) => {
      const below = await pullDocument(pull, child, count, either);
      return await pullManifests(pull, below, count, either, child.platform ?? platform, depth + 1);
    },
    signal,
  );
  return found.flat();
}

function chosenChildren({ index }: IndexDocument, { platforms, ref }: Pull): readonly Descriptor[] {
  const documents = index.manifests.filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType));
  if (platforms === 'all') return documents;
  // An index without platforms is a bundle of indexes; the choice is made below.
  const nested = documents.filter(({ mediaType, platform }) => isIndexType(mediaType) && platform === undefined);
  if (nested.length > 0 && nested.length === documents.length) return nested;
  return [...new Set(platforms.map((platform) => selectPlatform(index, platform, familiarReference(ref))))];
}

async function pullDocument(
  { client, store, ref }: Pull,
  { digest, mediaType }: Descriptor,
  count: (pulled: PulledBlob) => void,
  signal: AbortSignal | undefined,
): Promise<Document> {
  if ((await store.stat(digest)) !== undefined) {
    const known = await store.document(digest);
    count({ moved: 0, reused: known.bytes.length });
    return known;
  }
  // The tag may have moved since it was resolved; the digest has not.
  const document = await client.document({ ...ref, tag: undefined, digest }, signal);
  await keepDocument(store, digest, document, mediaType);
  count({ moved: document.bytes.length, reused: 0 });
  return document;
}

async function keepDocument(store: Store, digest: Descriptor['digest'], { bytes }: Document, mediaType: string) {
  if (algorithmOf(digest) === 'sha256') return void (await store.add(bytes, mediaType));
  await using ingest = await store.ingest({ digest, size: bytes.length });
  if (ingest.offset > 0) await ingest.restart();
  await ingest.write(bytes);
  await ingest.commit();
}

async function pullPart(pull: Pull, blob: Descriptor, label: string, signal: AbortSignal): Promise<PulledBlob> {
  const { client, store, ref, report } = pull;
  try {
    return await pullBlob(client, store, ref, blob, { signal, report, label });
  } catch (error) {
    const isAbsent = error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND';
    if (!isAbsent || !isNondistributable(blob.mediaType)) throw error;
    // Layers that their owner forbids to distribute: registries need not have them, and sealer does not run them.
    const message = `${label} is not distributable and not in the registry; it is left out`;
    report({ type: 'note', level: 'warning', message });
    return { moved: 0, reused: 0 };
  }
}

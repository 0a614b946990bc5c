/** From a reference to all manifests that its wanted platforms need. Documents are kept in the store as they came. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SealerError } from '../../error.ts';
import { checkDescriptor, type Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../../oci/digest.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import type { Document, ImageIndex } from '../../oci/manifest.ts';
import { DOCKER_CONFIG, isIndexType, OCI_CONFIG } from '../../oci/media-types.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../../oci/platform.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import type { HarvestedManifest } from './harvested.ts';
import type { ImageSource } from './image-source.ts';

/** What a name means. */
export interface ResolvedName extends Pick<Descriptor, 'digest'> {
  /** Where the image came from if from no registry, for messages: `images/app.tar`. */
  readonly from?: string | undefined;
}

export interface Resolver {
  readonly store: Store;
  readonly client: ImageSource;
  readonly platforms: readonly Platform[];
  readonly signal: AbortSignal | undefined;
  readonly offline: boolean;
  /** Descriptors by complete name that the caller trusts. */
  readonly resolved: ReadonlyMap<string, ResolvedName> | undefined;
  /** Asked for what cannot be had: the digest of an image that something else brought into the store. */
  readonly fallback?: ((reference: Reference, error: SealerError) => Promise<Digest | undefined>) | undefined;
  /** Called for each document and config, with the bytes that crossed the network or were there already. */
  readonly count: (bytes: { readonly moved?: number; readonly reused?: number }) => void;
}

export interface ResolvedImage {
  readonly root: Descriptor;
  readonly indexes: readonly Descriptor[];
  readonly manifests: readonly HarvestedManifest[];
}

/**
 * The digest of an image: the one that it is pinned to, else the one that the caller trusts, else what its registry says
 * now (a HEAD request); offline what the registry said the last time.
 * @param isCertain whether it is an image at all: one that is only possible is not waited for long
 * @throws SealerError IMAGE_NOT_FOUND and what the registry client throws
 */
export async function resolveDigest(resolver: Resolver, reference: Reference, isCertain = true): Promise<Digest> {
  const { store, client, offline, signal } = resolver;
  const name = formatReference(reference);
  const known = knownDigest(resolver, reference);
  if (known !== undefined) return known;
  if (offline) {
    const last = (await lastAnswer(store, name)) ?? (await store.resolve(name));
    if (last !== undefined) return last.digest;
    throw new SealerError('IMAGE_NOT_FOUND', `${name} is not in the store, and offline no registry is asked`, {
      hint: 'Build once online, or pull the image.',
    });
  }
  const descriptor = await client.resolve(reference, signal, isCertain ? {} : { reachWithin: POSSIBLE_WITHIN });
  refuseSchema1(descriptor.mediaType, name);
  await rememberAnswer(store, name, descriptor);
  return descriptor.digest;
}

/** Text that looks like a reference may have any host in it. In milliseconds. */
export const POSSIBLE_WITHIN = 4000;

function knownDigest({ resolved }: Resolver, reference: Reference): Digest | undefined {
  return reference.digest ?? resolved?.get(formatReference(reference))?.digest;
}

/** Whether a name can stand for a digest: nothing says that it stands for another. */
export function mayMean(resolver: Resolver, reference: Reference, digest: Digest): boolean {
  const known = knownDigest(resolver, reference);
  return known === undefined || known === digest;
}

/**
 * Brings the index and the manifests and configs of all wanted platforms into the store.
 * @throws SealerError PLATFORM_NOT_FOUND, INVALID_MANIFEST and what the registry client throws
 */
export async function resolveImage(resolver: Resolver, reference: Reference, digest: Digest): Promise<ResolvedImage> {
  const name = formatReference(reference);
  const root = await documentOf(resolver, reference, digest);
  if (root.kind === 'manifest') {
    const platform = await platformOf(resolver, reference, root.manifest.config);
    const manifests = resolver.platforms.map((wanted) => {
      if (platform !== undefined && !matchesPlatform(wanted, platform))
        throw notFor(resolver, name, wanted, [platform]);
      return describeManifest(root, platform === undefined ? undefined : wanted);
    });
    return {
      root: root.descriptor,
      indexes: [],
      manifests: manifests.slice(0, platform === undefined ? 1 : undefined),
    };
  }
  const indexes = new Map<Digest, Descriptor>();
  const manifests = new Map<Digest, HarvestedManifest>();
  for (const wanted of resolver.platforms) {
    const path = await findPlatform(resolver, reference, root, wanted, 0);
    const leaf = path?.at(-1);
    if (path === undefined || leaf?.kind !== 'manifest') throw notFor(resolver, name, wanted, offeredBy(root.index));
    for (const each of path) if (each.kind === 'index') indexes.set(each.descriptor.digest, each.descriptor);
    const own = await platformOf(resolver, reference, leaf.manifest.config);
    // Where an index says what a manifest is for, that counts: the configs of many images are copied from others.
    const isLabelled = path.some((each) => each.kind === 'index' && hasLabel(each.index, leaf.descriptor.digest));
    if (own !== undefined && !isLabelled && !matchesPlatform(wanted, own)) throw notFor(resolver, name, wanted, [own]);
    manifests.set(leaf.descriptor.digest, describeManifest(leaf, wanted));
  }
  return { root: root.descriptor, indexes: [...indexes.values()], manifests: [...manifests.values()] };
}

/** Whether this is the config of a container image, and not that of an artifact. `resolveImage` brings it. */
export function isImageConfig({ mediaType }: Descriptor): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/** Indexes inside indexes are allowed; nobody nests them deeper than this. */
const MAX_DEPTH = 4;

/** The documents from the index down to the manifest of a platform. */
async function findPlatform(
  resolver: Resolver,
  reference: Reference,
  document: Document,
  wanted: Platform,
  depth: number,
): Promise<readonly Document[] | undefined> {
  if (document.kind === 'manifest') return [document];
  if (depth > MAX_DEPTH) return undefined;
  for (const child of candidatesOf(document.index, wanted)) {
    const below = await findPlatform(
      resolver,
      reference,
      await documentOf(resolver, reference, child.digest),
      wanted,
      depth + 1,
    );
    if (below !== undefined) return [document, ...below];
  }
  return undefined;
}

/**
 * The children of an index that may serve a platform, best first: the very same platform, then those that serve it too,
 * then indexes that do not say what they are for. Attestations (platform unknown/unknown) are never among them.
 */
function candidatesOf(index: ImageIndex, wanted: Platform): readonly Descriptor[] {
  const matching = index.manifests.filter(
    ({ platform }) => platform !== undefined && matchesPlatform(wanted, platform),
  );
  const isSame = ({ platform }: Descriptor) =>
    platform !== undefined && formatPlatform(platform) === formatPlatform(wanted);
  const nested = index.manifests.filter(({ platform, mediaType }) => platform === undefined && isIndexType(mediaType));
  const only = index.manifests.length === 1 && index.manifests[0]?.platform === undefined ? index.manifests : [];
  return [...new Set([...matching.filter(isSame), ...matching, ...nested, ...only])];
}

function hasLabel(index: ImageIndex, digest: Digest): boolean {
  return index.manifests.some((each) => each.digest === digest && each.platform !== undefined);
}

async function documentOf(resolver: Resolver, reference: Reference, digest: Digest): Promise<Document> {
  const { store, client, offline, signal, count } = resolver;
  const size = await store.stat(digest);
  if (size !== undefined) {
    count({ reused: size });
    return store.document(digest);
  }
  if (offline) throw notStored(reference, digest);
  const { registry, repository } = reference;
  try {
    const document = await client.document({ registry, repository, digest }, signal);
    refuseSchema1(document.descriptor.mediaType, formatReference(reference));
    await store.add(document.bytes, document.descriptor.mediaType);
    count({ moved: document.bytes.byteLength });
    return document;
  } catch (error) {
    if (error instanceof SealerError && /schemaVersion 1/.test(error.message))
      throw schema1(formatReference(reference));
    throw error;
  }
}

/** The platform that an image's own config tells; undefined for artifacts. The config is in the store afterwards. */
async function platformOf(resolver: Resolver, reference: Reference, config: Descriptor): Promise<Platform | undefined> {
  const { store, client, offline, signal, count } = resolver;
  if (!isImageConfig(config)) return undefined;
  const size = await store.stat(config.digest);
  if (size !== undefined) {
    count({ reused: size });
  } else {
    if (offline) throw notStored(reference, config.digest);
    await using ingest = await store.ingest({
      digest: config.digest,
      size: config.size,
      ...(signal === undefined ? {} : { signal }),
    });
    await client.fetchBlob(reference, config, ingest, (moved) => count({ moved }), signal);
    await ingest.commit();
  }
  const { os, architecture, variant } = parseImageConfig(await store.bytes(config.digest));
  if (typeof os !== 'string' || typeof architecture !== 'string' || os === '' || architecture === '') return undefined;
  return { os, architecture, variant };
}

function describeManifest(
  document: Document & { kind: 'manifest' },
  platform: Platform | undefined,
): HarvestedManifest {
  const { config, layers } = document.manifest;
  return { descriptor: document.descriptor, platform, config, layers };
}

function offeredBy(index: ImageIndex): readonly Platform[] {
  return index.manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [platform],
  );
}

function notFor({ resolved }: Resolver, name: string, wanted: Platform, offered: readonly Platform[]): SealerError {
  const has = [...new Set(offered.map(formatPlatform))].join(', ');
  const from = resolved?.get(name)?.from;
  const where = from === undefined ? '' : ` in ${from}`;
  return new SealerError('PLATFORM_NOT_FOUND', `${name} has no image for ${formatPlatform(wanted)}${where}`, {
    hint: `It is there for ${has === '' ? 'no platform' : has}. Build for that, or name an image for ${formatPlatform(wanted)}.`,
  });
}

function notStored({ registry, repository }: Reference, digest: Digest): SealerError {
  const message = `${registry}/${repository}@${digest} is not in the store, and offline no registry is asked`;
  return new SealerError('IMAGE_NOT_FOUND', message, { hint: 'Build once online, or pull the image.' });
}

/** Docker image manifest version 2, schema 1: no config, no digests of layers' content; registries dropped it in 2020. */
function refuseSchema1(mediaType: string, name: string): void {
  if (mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+')) throw schema1(name);
}

function schema1(name: string): SealerError {
  return new SealerError('INVALID_MANIFEST', `${name} is in Docker's old format, schema 1`, {
    hint: 'Push the image again with a current tool (docker pull, then docker push): that converts it.',
  });
}

/** What registries said last, for builds offline. */
async function lastAnswer(store: Store, name: string): Promise<Descriptor | undefined> {
  try {
    return checkDescriptor(JSON.parse(await readFile(await answerFile(store, name), 'utf8')), name);
  } catch {
    return undefined;
  }
}

/** Remembers what a name meant, for builds offline. */
export async function rememberAnswer(
  store: Store,
  name: string,
  { mediaType, digest, size }: Descriptor,
): Promise<void> {
  await writeFile(await answerFile(store, name), JSON.stringify({ mediaType, digest, size }));
}

async function answerFile(store: Store, name: string): Promise<string> {
  return join(await store.cacheFolder('resolved-images'), hexOf(digestOf(name)));
}

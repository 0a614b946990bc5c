/** All that a cluster image carries for its registry, from the layers alone: what their annotations promise is not taken on trust. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { type Document, type ImageManifest, MAX_MANIFEST_BYTES, parseDocument } from '../../oci/manifest.ts';
import type { Store } from '../../oci/store/index.ts';
import { inParallel } from '../../parallel.ts';
import { LAYER_ANNOTATION } from '../extension.ts';
import { LAYER_IMAGES_ANNOTATION } from '../layers/inventory.ts';
import { BLOBS_ANNOTATION, isWrapperOf, wrapperOf } from '../layers/wrapped-blob.ts';
import { type LayerReading, readStorageChanges, type StorageChange } from './layer.ts';
import { type BlobPlace, readPlace } from './place.ts';

/** A repository, named as in the storage. */
export interface BundledRepository {
  readonly tags: ReadonlyMap<string, Digest>;
  readonly documents: ReadonlySet<Digest>;
  readonly blobs: ReadonlySet<Digest>;
}

export interface BundleContent {
  readonly repositories: ReadonlyMap<string, BundledRepository>;
  /** Where each blob is, documents included; what has no place is linked and not carried. */
  readonly places: ReadonlyMap<Digest, BlobPlace>;
  /** Manifests and indexes that are carried. */
  readonly documents: ReadonlyMap<Digest, Document>;
}

const READING = 4;

/**
 * Reads the layers of a cluster image that have to do with its registry.
 * @throws SealerError IMAGE_NOT_FOUND when a layer is not in the store; DIGEST_MISMATCH, CORRUPT_ARCHIVE, UNSAFE_ARCHIVE,
 *   ARCHIVE_TOO_LARGE
 */
export async function readBundle(
  manifest: Pick<ImageManifest, 'layers'>,
  reading: LayerReading,
): Promise<BundleContent> {
  const layers = manifest.layers.filter(mayCarryImages);
  const wrappers = layers.filter((layer) => wrappedBlob(layer) !== undefined);
  const others = layers.filter((layer) => wrappedBlob(layer) === undefined);
  const found = await inParallel(others, READING, (layer) => readStorageChanges(reading, layer));
  const storage = lay(found.flat());
  const documents = await readDocuments(reading.store, storage);
  const sizes = sizesIn(documents);
  for (const layer of wrappers) {
    for (const [digest, place] of await unwrap(reading, layer, sizes)) storage.places.set(digest, place);
  }
  return { repositories: storage.repositories, places: storage.places, documents };
}

/** Layers of files and of apps say so; a layer of another tool says nothing. */
function mayCarryImages({ annotations }: Descriptor): boolean {
  const kind = annotations?.[LAYER_ANNOTATION];
  return kind === undefined || kind === 'images';
}

/** The blob that a layer is nothing but the wrapper of, by its annotations. */
function wrappedBlob({ annotations }: Descriptor): Digest | undefined {
  const blob = annotations?.[BLOBS_ANNOTATION] ?? '';
  return annotations?.[LAYER_IMAGES_ANNOTATION] === undefined && isDigest(blob) ? blob : undefined;
}

interface Storage {
  readonly repositories: Map<string, Repository>;
  readonly places: Map<Digest, BlobPlace>;
}

interface Repository {
  readonly tags: Map<string, Digest>;
  readonly documents: Set<Digest>;
  readonly blobs: Set<Digest>;
}

/** Lays the layers over each other. */
function lay(changes: readonly StorageChange[]): Storage {
  const places = new Map<Digest, BlobPlace>();
  const links = new Map<string, StorageChange & { kind: 'link' }>();
  for (const change of changes) {
    if (change.kind === 'blob') places.set(change.digest, change.place);
    else if (change.kind === 'link') links.set(change.path, change);
    else removeBelow(links, change.path);
  }
  const repositories = new Map<string, Repository>();
  for (const { link, to } of links.values()) {
    const known = repositories.get(link.repository) ?? { tags: new Map(), documents: new Set(), blobs: new Set() };
    repositories.set(link.repository, known);
    if (link.kind === 'tag') known.tags.set(link.tag, to);
    else (link.kind === 'revision' ? known.documents : known.blobs).add(to);
  }
  return { repositories, places };
}

function removeBelow(links: Map<string, unknown>, folder: string): void {
  for (const path of links.keys()) {
    if (folder === '' || path === folder || path.startsWith(`${folder}/`)) links.delete(path);
  }
}

async function readDocuments(store: Store, { repositories, places }: Storage): Promise<Map<Digest, Document>> {
  const documents = new Map<Digest, Document>();
  for (const digest of new Set([...repositories.values()].flatMap((each) => [...each.documents]))) {
    const place = places.get(digest);
    const document = place === undefined ? undefined : await readDocument(store, digest, place);
    if (document !== undefined) documents.set(digest, document);
  }
  return documents;
}

async function readDocument(store: Store, digest: Digest, place: BlobPlace): Promise<Document | undefined> {
  if (place.size > MAX_MANIFEST_BYTES || place.size === 0) return undefined;
  try {
    const chunks = await (await readPlace(store, digest, place, { start: 0, end: place.size - 1 })).toArray();
    const document = parseDocument(Buffer.concat(chunks));
    return { ...document, descriptor: { ...document.descriptor, digest } };
  } catch (error) {
    // One broken document is one image that cannot be pulled, and that is found out when it is.
    const isBroken = error instanceof SealerError && /^(?:DIGEST_MISMATCH|INVALID_MANIFEST)$/.test(error.code);
    if (isBroken) return undefined;
    throw error;
  }
}

function sizesIn(documents: ReadonlyMap<Digest, Document>): ReadonlyMap<Digest, number> {
  const sizes = new Map<Digest, number>();
  for (const document of documents.values()) {
    if (document.kind !== 'manifest') continue;
    for (const { digest, size } of [document.manifest.config, ...document.manifest.layers]) sizes.set(digest, size);
  }
  return sizes;
}

/** The place of the blob in its wrapper; what turns out to be no wrapper is read like any layer. */
async function unwrap(
  reading: LayerReading,
  layer: Descriptor,
  sizes: ReadonlyMap<Digest, number>,
): Promise<readonly (readonly [Digest, BlobPlace])[]> {
  const digest = wrappedBlob(layer);
  const size = digest === undefined ? undefined : sizes.get(digest);
  if (
    digest !== undefined &&
    size !== undefined &&
    (await isWrapperOf(reading.store, layer.digest, { digest, size }))
  ) {
    return [[digest, { size, layer: layer.digest, layout: wrapperOf({ digest, size }).layout, start: 0 }]];
  }
  const changes = await readStorageChanges(reading, layer);
  return changes.flatMap((change) => (change.kind === 'blob' ? [[change.digest, change.place] as const] : []));
}

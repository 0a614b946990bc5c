/**
 * Manifests and indexes. Their bytes are what has a digest, so they are kept as they came and never serialized again;
 * the parsed view beside them is for reading (image-spec 1.1.1, manifest.md and image-index.md).
 */

import { SealerError } from '../error.ts';
import { checkDescriptor, type Descriptor, describe } from './descriptor.ts';
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import { formatPlatform, matchesPlatform, type Platform } from './platform.ts';

export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest or index with the bytes that it came in. */
export type Document = ManifestDocument | IndexDocument;

export interface ManifestDocument {
  readonly kind: 'manifest';
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  readonly manifest: ImageManifest;
}

export interface IndexDocument {
  readonly kind: 'index';
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  readonly index: ImageIndex;
}

/** What we hold of a manifest in memory at most; registries must take 4 MiB, ours and theirs go a little further. */
export const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;

/**
 * Reads a manifest or index.
 * @param mediaType what the registry or the descriptor said; checked against the document's own field
 * @throws SealerError INVALID_MANIFEST
 */
export function parseDocument(bytes: Buffer, mediaType?: string): Document {
  const json = parseJson(bytes);
  const own = typeof json.mediaType === 'string' && json.mediaType !== '' ? json.mediaType : undefined;
  const said =
    mediaType === undefined || mediaType === 'application/json' ? undefined : mediaType.split(';')[0]?.trim();
  if (own !== undefined && said !== undefined && own !== said && (isIndexType(said) || isManifestType(said))) {
    // image-spec 1.1.1: a client should refuse a document whose fields and type disagree (CVE-2021-41190).
    throw invalid(`calls itself ${own} but was given as ${said}`);
  }
  if (json.schemaVersion !== 2) throw invalid(`has schemaVersion ${String(json.schemaVersion)}; only 2 is known`);
  if ('manifests' in json && ('layers' in json || 'config' in json)) {
    throw invalid('has both manifests and layers, so readers could disagree about it (CVE-2021-41190)');
  }
  const type = own ?? said ?? ('manifests' in json ? OCI_INDEX : OCI_MANIFEST);
  const descriptor = describe(bytes, type);
  if (isIndexType(type) || 'manifests' in json) {
    const manifests = arrayOf(json.manifests, 'manifests').map((each, i) => checkDescriptor(each, `manifests[${i}]`));
    return { kind: 'index', descriptor, bytes, index: { ...json, schemaVersion: 2, manifests } };
  }
  const config = checkDescriptor(json.config, 'config');
  const layers = arrayOf(json.layers, 'layers').map((each, i) => checkDescriptor(each, `layers[${i}]`));
  return { kind: 'manifest', descriptor, bytes, manifest: { ...json, schemaVersion: 2, config, layers } };
}

/** Serializes a document of our own: keys in the order given, no white space, the same bytes for the same content. */
export function serialize(document: ImageManifest | ImageIndex | object): Buffer {
  return Buffer.from(JSON.stringify(document));
}

/**
 * The first manifest of an index that serves a platform; nested indexes are not entered.
 * @throws SealerError PLATFORM_NOT_FOUND, naming what there is
 */
export function selectPlatform(index: ImageIndex, platform: Platform, name: string): Descriptor {
  const found = index.manifests.find((each) => each.platform !== undefined && matchesPlatform(platform, each.platform));
  if (found !== undefined) return found;
  const only = index.manifests[0];
  if (index.manifests.length === 1 && only !== undefined && only.platform === undefined) return only;
  const offered = index.manifests.flatMap((each) =>
    each.platform === undefined ? [] : [formatPlatform(each.platform)],
  );
  throw new SealerError('PLATFORM_NOT_FOUND', `${name} has no image for ${formatPlatform(platform)}`, {
    hint: `It has ${offered.length === 0 ? 'none' : offered.join(', ')}.`,
  });
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new SealerError('INVALID_MANIFEST', 'The manifest is not JSON', { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('is not a JSON object');
  return json as Record<string, unknown>;
}

function arrayOf(value: unknown, field: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(`has no list of ${field}`);
}

function invalid(what: string): SealerError {
  return new SealerError('INVALID_MANIFEST', `The manifest ${what}`);
}

/**
 * Manifests of a repository as one index with names: what was built and pushed by digest, each platform on a machine of its
 * own, becomes one image. Nothing but manifests moves (`docker buildx imagetools create` is the same for docker).
 */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { parseImageConfig } from '../../../oci/image-config.ts';
import { type Document, type ImageIndex, parseDocument, serialize } from '../../../oci/manifest.ts';
import { OCI_INDEX } from '../../../oci/media-types.ts';
import { formatPlatform, type Platform } from '../../../oci/platform.ts';
import { familiarReference, formatReference, type Reference } from '../../../oci/reference.ts';
import type { RegistryClient } from '../client.ts';
import { readSmallBlob } from './small-blob.ts';

export interface CreateIndexOptions {
  /** Images of one repository, by digest or tag; indexes give all their platforms. */
  readonly sources: readonly Reference[];
  /** Names in that repository, put in this order; without any the index is there under its digest alone. */
  readonly targets: readonly Reference[];
  /** Those of the targets that never move. */
  readonly immutable?: readonly Reference[] | undefined;
  /** On the index. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

type IndexClient = Pick<RegistryClient, 'document' | 'putDocument' | 'resolve' | 'fetchBlob'>;

/**
 * Joins images into an index and names it. The same sources give the same bytes.
 * @returns the index
 * @throws SealerError USAGE when repositories differ; IMAGE_CONFLICT when two sources have one platform; INVALID_MANIFEST when
 *   a source does not say its platform; TAG_TAKEN before anything is put; others of the client
 */
export async function createIndex(client: IndexClient, options: CreateIndexOptions): Promise<Descriptor> {
  const { sources, targets, immutable = [], annotations = {}, signal } = options;
  const [first] = sources;
  if (first === undefined) throw new SealerError('USAGE', 'An index needs images to be made of');
  for (const each of [...sources, ...targets, ...immutable]) refuseElsewhere(each, first);
  const manifests: Descriptor[] = [];
  for (const source of sources) {
    for (const manifest of await platformsOf(client, source, signal)) {
      refuseTwice(manifest, manifests);
      manifests.push(manifest);
    }
  }
  const sorted = manifests.toSorted((a, b) => (platformOf(a) < platformOf(b) ? -1 : 1));
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: sorted,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const document = parseDocument(serialize(index), OCI_INDEX);
  for (const target of immutable) await refuseMoving(client, target, document, signal);
  await client.putDocument({ registry: first.registry, repository: first.repository }, document, signal);
  for (const { registry, repository, tag } of targets) {
    if (tag !== undefined) await client.putDocument({ registry, repository, tag }, document, signal);
  }
  return document.descriptor;
}

/**
 * Manifests with their platforms; a manifest alone has its own in its config. What is for no platform (`unknown/unknown`:
 * attestations of docker) stays behind.
 */
async function platformsOf(
  client: IndexClient,
  source: Reference,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const document = await client.document(source, signal);
  if (document.kind === 'manifest') {
    const { os, architecture, variant } = parseImageConfig(
      await readSmallBlob(client, source, document.manifest.config, signal),
    );
    if (os !== '' && architecture !== '') {
      const platform: Platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
      return [{ ...document.descriptor, platform }];
    }
  }
  const found = document.kind === 'index' ? document.index.manifests : [];
  const usable = found.filter(({ platform }) => platform !== undefined && platform.os !== 'unknown');
  if (usable.length > 0) return usable;
  throw new SealerError('INVALID_MANIFEST', `${familiarReference(source)} does not say which platform it is for`, {
    hint: 'Push what sealer build made: it says so.',
  });
}

function refuseTwice(manifest: Descriptor, others: readonly Descriptor[]): void {
  const other = others.find((each) => platformOf(each) === platformOf(manifest));
  if (other === undefined) return;
  throw new SealerError('IMAGE_CONFLICT', `Two of the images are for ${platformOf(manifest)}`, {
    hint: `They are ${other.digest} and ${manifest.digest}; give one of them.`,
  });
}

/** Manifests of another repository would have to be copied first, with all their blobs. */
function refuseElsewhere(each: Reference, first: Reference): void {
  if (each.registry === first.registry && each.repository === first.repository) return;
  const name = formatReference({ registry: first.registry, repository: first.repository });
  throw new SealerError('USAGE', `${familiarReference(each)} is not in ${name}`, {
    hint: 'Push all platforms to the repository that the image is to be in.',
  });
}

/**
 * Checks that a name which never moves is free, or stands for this image already.
 * @throws SealerError TAG_TAKEN
 */
async function refuseMoving(
  client: IndexClient,
  target: Reference,
  { descriptor }: Document,
  signal: AbortSignal | undefined,
): Promise<void> {
  const there = await client.resolve(target, signal).catch((error: unknown) => {
    if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  });
  if (there === undefined || there.digest === descriptor.digest) return;
  throw new SealerError('TAG_TAKEN', `${familiarReference(target)} is ${there.digest} already, and never moves`, {
    hint: 'Take the next revision.',
  });
}

function platformOf({ platform }: Descriptor): string {
  return platform === undefined ? '' : formatPlatform(platform);
}

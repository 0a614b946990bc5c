/**
 * The images of a docker-archive (moby image/spec/v1.2.md). The format has no manifests, so an OCI manifest is made:
 * from the config as it is and the layers as they are, so that the same archive always gives the same digest.
 */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import type { Digest } from '../digest.ts';
import { parseImageConfig } from '../image-config.ts';
import { serialize } from '../manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../media-types.ts';
import { formatReference, parseReference } from '../reference.ts';
import type { Store } from '../store/index.ts';
import { corrupt } from './archive-files.ts';
import { compressionOf, computeDiffId } from './layer-content.ts';
import type { Contents, LoadedImage, StoredContent } from './load.ts';
import { cleanPath } from './safe-path.ts';

/** docker makes chains of one; more than a few are a loop. */
const MAX_LINKS = 8;

/**
 * Reads `manifest.json` and makes a manifest for every image in it.
 * @throws SealerError CORRUPT_ARCHIVE, INVALID_MANIFEST, DIGEST_MISMATCH
 */
export async function imagesOfDockerArchive(
  store: Store,
  manifest: Buffer,
  contents: Contents,
  signal?: AbortSignal,
): Promise<LoadedImage[]> {
  const images: LoadedImage[] = [];
  for (const { config, layers, tags } of parseList(manifest)) {
    const descriptor = await makeManifest(
      store,
      find(contents, config),
      layers.map((each) => find(contents, each)),
      signal,
    );
    const names = tags.map((tag) => formatReference(parseReference(tag)));
    images.push(...(names.length === 0 ? [undefined] : names).map((name) => ({ name, descriptor })));
  }
  if (images.length === 0) throw corrupt('its manifest.json lists no image');
  return images;
}

async function makeManifest(
  store: Store,
  config: StoredContent,
  files: readonly StoredContent[],
  signal: AbortSignal | undefined,
): Promise<Descriptor> {
  const diffIds = parseImageConfig(await store.bytes(config.digest)).rootfs.diff_ids;
  if (diffIds.length !== files.length)
    throw corrupt(`an image has ${files.length} layers and ${diffIds.length} diff_ids`);
  const layers: Descriptor[] = [];
  for (const [i, file] of files.entries()) {
    const expected = diffIds[i];
    if (expected !== undefined) layers.push(await describeLayer(store, file, expected, signal));
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.size },
    layers,
  };
  return await store.add(serialize(manifest), OCI_MANIFEST);
}

async function describeLayer(
  store: Store,
  file: StoredContent,
  expected: Digest,
  signal?: AbortSignal,
): Promise<Descriptor> {
  const { digest, size } = file;
  if (digest !== expected && (await computeDiffId(store, digest, expected, signal)) !== expected) {
    throw new SealerError('DIGEST_MISMATCH', `A layer of the archive is not the ${expected} that its image names`, {
      hint: 'The archive is damaged or was altered; save it again.',
    });
  }
  const compression = await compressionOf(store, digest);
  const mediaType = compression === 'gzip' ? OCI_LAYER_GZIP : compression === 'zstd' ? OCI_LAYER_ZSTD : OCI_LAYER;
  return { mediaType, digest, size };
}

function find({ files, links }: Contents, written: string): StoredContent {
  let path = cleanPath(written);
  for (let i = 0; i < MAX_LINKS; i++) {
    const file = files.get(path);
    if (file !== undefined) return file;
    const target = links.get(path);
    if (target === undefined) throw corrupt(`${written} is missing in it`);
    path = target;
  }
  throw corrupt(`${written} is a link that leads nowhere`);
}

interface ListedImage {
  readonly config: string;
  readonly layers: readonly string[];
  readonly tags: readonly string[];
}

function parseList(manifest: Buffer): ListedImage[] {
  let list: unknown;
  try {
    list = JSON.parse(manifest.toString('utf8'));
  } catch (cause) {
    throw corrupt('its manifest.json is not JSON', cause);
  }
  if (!Array.isArray(list)) throw corrupt('its manifest.json is not a list');
  return list.map((each: unknown) => {
    if (typeof each !== 'object' || each === null || !('Config' in each) || !('Layers' in each)) {
      throw corrupt('its manifest.json lists an image without config or layers');
    }
    const tags = 'RepoTags' in each ? each.RepoTags : [];
    if (typeof each.Config !== 'string') throw corrupt('its manifest.json names a config that is no path');
    return { config: each.Config, layers: strings(each.Layers), tags: strings(tags ?? []) };
  });
}

function strings(value: unknown): string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw corrupt('its manifest.json has a list of something else than strings');
}

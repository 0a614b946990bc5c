/**
 * The format of `docker save`: `manifest.json`, a config and uncompressed layers per image (moby image/spec/v1.2.md).
 *
 * Layers are written uncompressed. docker and skopeo would take compressed ones too, but crane looks at the first layer
 * alone to tell whether all are, and our images have both kinds.
 */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import { algorithmOf, createDigester, type Digest, hexOf } from '../digest.ts';
import { parseImageConfig } from '../image-config.ts';
import { serialize } from '../manifest.ts';
import type { Platform } from '../platform.ts';
import { formatReference, parseReference } from '../reference.ts';
import type { Store } from '../store/index.ts';
import { collectContent } from './content.ts';
import { openUncompressed } from './layer-content.ts';
import { manifestFor, onlyManifest } from './one-platform.ts';
import type { SavedImage } from './save.ts';
import { inMemory } from './save-oci.ts';
import type { ArchiveEntry } from './tar-writer.ts';

interface DockerImage {
  readonly Config: string;
  readonly RepoTags: string[];
  readonly Layers: readonly string[];
}

/** The entries of a docker-archive, in no order. */
export async function dockerArchive(
  store: Store,
  images: readonly SavedImage[],
  platform: Platform | undefined,
  signal: AbortSignal | undefined,
): Promise<ArchiveEntry[]> {
  const entries = new Map<string, ArchiveEntry>();
  const saved = new Map<string, DockerImage>();
  for (const image of images) {
    const root = await (platform === undefined ? onlyManifest(store, image) : manifestFor(store, image, platform));
    const docker = await addImage(store, root, entries, signal);
    // Two names of one image are one image with two tags.
    const known = saved.get(docker.Config) ?? docker;
    if (image.name !== undefined) known.RepoTags.push(...tagOf(image.name));
    saved.set(docker.Config, known);
  }
  return [inMemory('manifest.json', serialize([...saved.values()])), ...entries.values()];
}

async function addImage(
  store: Store,
  root: Descriptor,
  entries: Map<string, ArchiveEntry>,
  signal: AbortSignal | undefined,
): Promise<DockerImage> {
  await collectContent(store, root, new Map());
  const document = await store.document(root.digest);
  if (document.kind !== 'manifest')
    throw new SealerError('INVALID_MANIFEST', `${root.digest} is not an image manifest`);
  const { config, layers } = document.manifest;
  const configBytes = await store.bytes(config.digest);
  const diffIds = parseImageConfig(configBytes).rootfs.diff_ids;
  if (diffIds.length !== layers.length) {
    throw new SealerError(
      'INVALID_MANIFEST',
      `${root.digest} has ${layers.length} layers and ${diffIds.length} diff_ids`,
    );
  }
  const configPath = `${hexOf(config.digest)}.json`;
  entries.set(configPath, inMemory(configPath, configBytes));
  const paths: string[] = [];
  for (const [i, layer] of layers.entries()) {
    const diffId = diffIds[i] ?? layer.digest;
    const path = `${hexOf(diffId)}.tar`;
    paths.push(path);
    if (entries.has(path)) continue;
    // The size stands before the content, so a compressed layer is gone through twice.
    const size = await measure(store, layer, diffId, signal);
    entries.set(path, { path, size, open: () => openUncompressed(store, layer.digest, signal) });
  }
  return { Config: configPath, RepoTags: [], Layers: paths };
}

/** The uncompressed size of a layer, which must be what the config says. */
async function measure(store: Store, layer: Descriptor, diffId: Digest, signal?: AbortSignal): Promise<number> {
  if (layer.digest === diffId) return layer.size;
  const digester = createDigester(algorithmOf(diffId));
  let size = 0;
  for await (const chunk of await openUncompressed(store, layer.digest, signal)) {
    signal?.throwIfAborted();
    digester.update(chunk);
    size += chunk.byteLength;
  }
  if (digester.digest() === diffId) return size;
  throw new SealerError('DIGEST_MISMATCH', `The layer ${layer.digest} does not unpack to ${diffId}, as its image says`);
}

/** docker knows no digests in names here. */
function tagOf(name: string): string[] {
  const { registry, repository, tag } = parseReference(name);
  return tag === undefined ? [] : [formatReference({ registry, repository, tag })];
}

/** From built stages to the image: config, manifest and annotations of each platform, and the index over them. */

import {
  EXTENSION_ANNOTATION,
  IMAGES_ANNOTATION,
  type ImageExtension,
  SCHEMA_VERSION,
  serializeContainerImages,
  serializeExtension,
} from '../cluster-image/index.ts';
import { SealerError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageIndex, type ImageManifest, serialize } from '../oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import type { Builder } from './builder.ts';
import { imageConfig, sortedRecord } from './image-config.ts';
import { type ImagesOfPlatform, MAX_LAYERS } from './images/bundle.ts';
import type { BuiltPlatform } from './options.ts';
import type { StageLayer, StageState } from './stage/state.ts';

const VERSION_LABEL = 'io.sealer.version';
const OCI_ANNOTATION = 'org.opencontainers.image';

/** Puts the image of one platform into the store. */
export async function assemblePlatform(
  builder: Builder,
  state: StageState,
  images: ImagesOfPlatform,
): Promise<BuiltPlatform> {
  const { store, version = 'dev' } = builder.world;
  const layers = [...state.layers, ...images.layers];
  if (layers.length > MAX_LAYERS) throw tooManyLayers(layers);
  state.labels.set(VERSION_LABEL, version);
  for (const [name, value] of Object.entries(builder.options.labels)) state.labels.set(name, value);
  const config = await store.add(serialize(imageConfig(state, layers, createdAt(builder))), OCI_CONFIG);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: manifestAnnotations(builder, state, images, version),
  };
  return {
    platform: state.platform,
    manifest: await store.add(serialize(manifest), OCI_MANIFEST),
    config: config.digest,
    layers: layers.map(({ descriptor, kind, createdBy, cached }) => {
      return { digest: descriptor.digest, size: descriptor.size, kind, createdBy, cached };
    }),
    images: images.carried,
  };
}

/** Puts the index over all platforms into the store; also for one, so that another can be added later. */
export async function assembleIndex(builder: Builder, platforms: readonly BuiltPlatform[]): Promise<Descriptor> {
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: platforms.map(({ manifest, platform }) => ({ ...manifest, platform })),
    annotations: {
      [`${OCI_ANNOTATION}.created`]: createdAt(builder),
      ...userAnnotations(builder, 'index'),
    },
  };
  return builder.world.store.add(serialize(index), OCI_INDEX);
}

function manifestAnnotations(
  builder: Builder,
  state: StageState,
  images: ImagesOfPlatform,
  version: string,
): Record<string, string> {
  const { base } = state;
  const annotations = new Map<string, string>([
    [EXTENSION_ANNOTATION, serializeExtension(extensionOf(builder, state, version))],
    [`${OCI_ANNOTATION}.created`, createdAt(builder)],
  ]);
  if (images.containerImages.length > 0) {
    annotations.set(IMAGES_ANNOTATION, serializeContainerImages(images.containerImages));
  }
  if (base !== undefined) {
    annotations.set(`${OCI_ANNOTATION}.base.name`, base.name);
    annotations.set(`${OCI_ANNOTATION}.base.digest`, base.descriptor.digest);
  }
  for (const [name, value] of Object.entries(userAnnotations(builder, 'manifest'))) annotations.set(name, value);
  return sortedRecord(annotations);
}

/** What the image says about itself. */
export function extensionOf(builder: Builder, state: StageState, version: string): ImageExtension {
  return {
    buildClient: { sealerVersion: version, buildahVersion: '' },
    schemaVersion: SCHEMA_VERSION,
    type: builder.options.type,
    applications: [...state.apps.values()].map(({ name, kind, files, env, commands }) => ({
      name,
      type: kind,
      files,
      version: 'v1',
      env: Object.fromEntries(env),
      cmds: commands,
    })),
    labels: sortedRecord(state.labels),
    env: sortedRecord(state.env),
    launch: { cmds: state.launch.commands, app_names: state.launch.apps },
  };
}

/** docker's prefixes: `index:` and `manifest:`, both in one as `index,manifest:`; without one, the manifests. */
function userAnnotations({ options }: Builder, level: 'index' | 'manifest'): Record<string, string> {
  const entries = Object.entries(options.annotations).flatMap(([key, value]): [string, string][] => {
    const [, levels = 'manifest', name = key] = /^((?:index|manifest)(?:,(?:index|manifest))*):(.+)$/.exec(key) ?? [];
    return levels.split(',').includes(level) ? [[name, value]] : [];
  });
  return sortedRecord(new Map(entries));
}

/** RFC 3339, of SOURCE_DATE_EPOCH. */
function createdAt({ epoch }: Builder): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
}

function tooManyLayers(layers: readonly StageLayer[]): SealerError {
  return new SealerError(
    'TOO_MANY_LAYERS',
    `The image would have ${layers.length} layers; at most ${MAX_LAYERS} can be mounted`,
    {
      hint: 'Join some COPY or RUN instructions, or start from a base with fewer layers.',
    },
  );
}

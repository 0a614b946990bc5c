/** What there is to know about a cluster image without unpacking it. */

import { SealerError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageConfig, parseImageConfig } from '../oci/image-config.ts';
import { type Document, type ImageManifest, type ManifestDocument, selectPlatform } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { hostPlatform, type Platform } from '../oci/platform.ts';
import { formatReference, isReference, parseReference } from '../oci/reference.ts';
import type { Store } from '../oci/store/index.ts';
import { type ContainerImage, parseContainerImages } from './container-images.ts';
import { type ImageExtension, LAYER_ANNOTATION, type LayerKind, parseExtension } from './extension.ts';
import { readInventory } from './layers/inventory.ts';

/** The fields of the Go sealer's `inspect` (ImageSpec), and what it never told. */
export interface ImageSpec {
  /** Digest of the config. */
  readonly id: Digest;
  readonly name: string;
  /** Digest of the manifest. */
  readonly digest: Digest;
  readonly manifestv1: ImageManifest;
  readonly ociv1: ImageConfig;
  /** Undefined for an image that is no cluster image. */
  readonly imageExtension: ImageExtension | undefined;
  readonly containerImageList: readonly InspectedImage[];
  readonly layers: readonly InspectedLayer[];
  /** The index that the manifest was chosen from, and all that it offers. */
  readonly index?: { readonly digest: Digest; readonly platforms: readonly Platform[] };
  /** Bytes of all layers. */
  readonly size: number;
}

export interface InspectedImage extends ContainerImage {
  /** Of its index or manifest; undefined for images that the Go sealer made. */
  readonly digest?: Digest;
  /** Bytes of all its content. */
  readonly size?: number;
}

export interface InspectedLayer {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
  /** Undefined where the image does not say. */
  readonly kind: LayerKind | undefined;
  /** The instruction that made it. */
  readonly createdBy?: string;
}

/** CNI and CSI plugins are labels of their own each; people see them as one list (facts of the Go sealer's inspect). */
const PLUGIN_LABEL = /^(cluster\.alpha\.sealer\.io\/kube-c[ns]i)-(.+)$/;

/**
 * Reads a cluster image from the store.
 * @param image its name, or the descriptor of its index or manifest
 * @param options.platform which manifest of an index; default: the machine's own, or the only one that there is
 * @throws SealerError IMAGE_NOT_FOUND, PLATFORM_NOT_FOUND, INVALID_MANIFEST
 */
export async function inspectImage(
  store: Store,
  image: string | Descriptor,
  options: { readonly platform?: Platform | undefined } = {},
): Promise<ImageSpec> {
  const name = typeof image === 'string' ? formatReference(parseReference(image)) : image.digest;
  const root = await store.document((typeof image === 'string' ? await resolve(store, name) : image).digest);
  const document = await chooseManifest(store, root, name, options.platform);
  const { manifest, descriptor } = document;
  const config = parseImageConfig(await store.bytes(manifest.config.digest));
  const extension = parseExtension(manifest);
  return {
    id: manifest.config.digest,
    name,
    digest: descriptor.digest,
    manifestv1: manifest,
    ociv1: config,
    imageExtension:
      extension === undefined
        ? undefined
        : { ...extension, labels: foldLabels(config.config?.Labels ?? extension.labels) },
    containerImageList: imagesOf(manifest),
    layers: layersOf(manifest, config),
    ...(root.kind === 'index'
      ? {
          index: {
            digest: root.descriptor.digest,
            platforms: root.index.manifests.flatMap(({ platform }) => platform ?? []),
          },
        }
      : {}),
    size: manifest.layers.reduce((sum, { size }) => sum + size, 0),
  };
}

async function resolve(store: Store, name: string): Promise<Descriptor> {
  const found = await store.resolve(name);
  if (found !== undefined) return found;
  throw new SealerError('IMAGE_NOT_FOUND', `${name} is not in the store`, {
    hint: 'Look at what there is with sealer images, or pull it.',
  });
}

async function chooseManifest(
  store: Store,
  document: Document,
  name: string,
  platform: Platform | undefined,
): Promise<ManifestDocument> {
  if (document.kind === 'manifest') return document;
  const images = document.index.manifests.filter((each) => isManifestType(each.mediaType));
  const [only] = images;
  const chosen =
    platform === undefined && images.length === 1 && only !== undefined
      ? only
      : selectPlatform(document.index, platform ?? hostPlatform(), name);
  const found = await store.document(chosen.digest);
  if (found.kind === 'manifest') return found;
  throw new SealerError('INVALID_MANIFEST', `${name} has an index inside its index`);
}

function imagesOf(manifest: ImageManifest): readonly InspectedImage[] {
  const { images } = readInventory(manifest);
  return parseContainerImages(manifest).map((each) => {
    // What other tools wrote need not be a reference of ours.
    const carried = isReference(each.image) ? images.get(formatReference(parseReference(each.image))) : undefined;
    return carried === undefined ? each : { ...each, digest: carried.digest, size: carried.size };
  });
}

/** The history has an entry for each layer, in order, and more for what made none (config.md). */
function layersOf(manifest: ImageManifest, config: ImageConfig): readonly InspectedLayer[] {
  const history = (config.history ?? []).filter((entry) => entry.empty_layer !== true);
  return manifest.layers.map(({ digest, size, mediaType, annotations }, i) => {
    const createdBy = history[i]?.created_by;
    return {
      digest,
      size,
      mediaType,
      kind: kindOf(annotations?.[LAYER_ANNOTATION]),
      ...(createdBy === undefined ? {} : { createdBy }),
    };
  });
}

function kindOf(text: string | undefined): LayerKind | undefined {
  return text === 'rootfs' || text === 'app' || text === 'images' ? text : undefined;
}

function foldLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const plugins = new Map<string, string[]>();
  const others: Record<string, string> = {};
  for (const [label, value] of Object.entries(labels)) {
    const [, kind, plugin] = PLUGIN_LABEL.exec(label) ?? [];
    if (kind === undefined || plugin === undefined) others[label] = value;
    else if (value === 'true') plugins.set(kind, [...(plugins.get(kind) ?? []), plugin]);
  }
  return {
    ...others,
    ...Object.fromEntries([...plugins].map(([kind, names]) => [kind, JSON.stringify(names.sort())])),
  };
}

/** The format of cluster images, and the container images inside. */

export {
  type AppChange,
  type Comparable,
  type ComparedImage,
  compareImages,
  type ImageChange,
  type ImageComparison,
} from './compare.ts';
export {
  type ContainerImage,
  containerImagesOf,
  parseContainerImages,
  serializeContainerImages,
} from './container-images.ts';
export {
  type Application,
  EXTENSION_ANNOTATION,
  IMAGES_ANNOTATION,
  type ImageExtension,
  type ImageType,
  LAYER_ANNOTATION,
  type LayerKind,
  parseExtension,
  SCHEMA_VERSION,
  serializeExtension,
} from './extension.ts';
export { type HarvestOptions, harvest, type ResolvedImages, resolveImages } from './harvest/harvest.ts';
export type { BundledImage, BundledLayer, Harvest, HarvestedImage, HarvestedManifest } from './harvest/harvested.ts';
export type { ImageSource } from './harvest/image-source.ts';
export { type BlobKeeperOptions, blobKeeper } from './harvest/keep-blob.ts';
export { POSSIBLE_WITHIN, type ResolvedName } from './harvest/resolve-image.ts';
export { type ImageSpec, type InspectedImage, type InspectedLayer, inspectImage } from './inspect.ts';
export { kubeVersionOf } from './kube-version.ts';
export { type BundleOptions, bundleLayers } from './layers/bundle.ts';
export { type BundleInventory, type CarriedImage, EMPTY_INVENTORY, readInventory } from './layers/inventory.ts';
export { blobPath, REGISTRY_ROOT, registryFolder, repositoryPath } from './layers/registry-layout.ts';
export {
  type BundledName,
  type BundleStorage,
  type BundleStorageOptions,
  bundleStorage,
} from './served/bundle-storage.ts';
export { type BlobPlace, readPlace } from './served/place.ts';
export { wrappedBlobOf } from './served/wrapped.ts';
export { unpackRootfs } from './unpack.ts';

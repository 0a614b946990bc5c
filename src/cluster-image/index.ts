/** The format of cluster images, and the container images inside. */

export { type BundleOptions, bundleLayers } from './bundle.ts';
export { type BundledName, type BundleStorage, type BundleStorageOptions, bundleStorage } from './bundle-storage.ts';
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
export { type HarvestOptions, harvest, type ResolvedImages, resolveImages } from './harvest.ts';
export type { BundledImage, BundledLayer, Harvest, HarvestedImage, HarvestedManifest } from './harvested.ts';
export type { ImageSource } from './image-source.ts';
export { type ImageSpec, type InspectedImage, type InspectedLayer, inspectImage } from './inspect.ts';
export { type BundleInventory, type CarriedImage, EMPTY_INVENTORY, readInventory } from './inventory.ts';
export { type BlobKeeperOptions, blobKeeper } from './keep-blob.ts';
export { kubeVersionOf } from './kube-version.ts';
export { blobPath, REGISTRY_ROOT, registryFolder, repositoryPath } from './registry-layout.ts';
export { POSSIBLE_WITHIN, type ResolvedName } from './resolve-image.ts';
export { unpackRootfs } from './unpack.ts';

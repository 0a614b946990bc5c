/** Building cluster images. */

export { build } from './build.ts';
export { readKubefile } from './context/context.ts';
export { warnOfCopiedContents } from './copied-contents.ts';
export { type FoundImages, type OpenImages, withContainerImages } from './find-images.ts';
export type { Confirmation } from './images/confirm.ts';
export type {
  BuildOptions,
  BuildResult,
  BuildWorld,
  BuiltLayer,
  BuiltPlatform,
  CarriedImage,
  EngineKind,
  ImageType,
  LayerKind,
  LockMode,
  PullPolicy,
  SecretSource,
} from './options.ts';

/** Building cluster images. */

export { build } from './build.ts';
export { warnOfCopiedContents } from './copied-contents.ts';
export { type FoundImages, findContainerImages } from './find-images.ts';
export { type Confirmation, confirmImages } from './images/confirm.ts';
export type {
  BuildOptions,
  BuildResult,
  BuildWorld,
  BuiltLayer,
  BuiltPlatform,
  CarriedImage,
  ClusterOptions,
  EngineKind,
  ImageType,
  LayerKind,
  LockMode,
  PullPolicy,
  SecretSource,
} from './options.ts';

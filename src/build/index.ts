/** Building cluster images. */

export { build } from './build.ts';
export type {
  BuildOptions,
  BuildResult,
  BuildWorld,
  BuiltLayer,
  BuiltPlatform,
  CarriedImage,
  ImageType,
  LayerKind,
  PullPolicy,
  SecretSource,
} from './options.ts';

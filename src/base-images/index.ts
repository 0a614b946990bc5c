/** Base images as data: what upstream gives, what is built of it, and what is published. */

export { basesOf } from './bases.ts';
export { type BuildReleaseOptions, type BuiltRelease, buildRelease } from './build-release.ts';
export { type Cell, type Mirrors, mirrorArgs, type Release, releasesOf } from './cells.ts';
export { compareEntries, describeChanges, type VersionChange } from './changes.ts';
export { contextDigest, INPUTS_ANNOTATION, type Inputs, inputsDigest } from './inputs-digest.ts';
export { leadingTags } from './leading-tags.ts';
export {
  type BaseImage,
  type Matrix,
  type MatrixCell,
  type MatrixOptions,
  type MatrixRelease,
  planMatrix,
  type ReleasePlatform,
} from './matrix.ts';
export { parseVersions } from './parse-versions.ts';
export { nextRevision, type PublishedImage, publishedImage, publishedTags } from './published.ts';
export { latestVersions } from './update.ts';
export type { Upstream } from './upstream/upstream.ts';
export {
  BASE_RUNTIMES,
  type BaseRuntime,
  type VersionEntry,
  type VersionsFile,
} from './versions.ts';
export { writeVersions } from './write-versions.ts';

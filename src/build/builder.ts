/** What the parts of one build share. */

import type { ImageSource } from '../cluster-image/index.ts';
import type { ImageList, Rules } from '../discover/index.ts';
import type { Problem } from '../error.ts';
import type { Kubefile } from '../kubefile/ast.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Compression } from '../oci/tar/index.ts';
import type { Recording } from '../rehearsal/index.ts';
import type { Renderer } from '../render/index.ts';
import type { BuildContext } from './context/context.ts';
import type { FileDigests } from './context/file-digests.ts';
import type { BuildLock } from './images/lock.ts';
import type { LayerCache } from './layers/layer-cache.ts';
import type { BuildOptions, BuildWorld } from './options.ts';
import type { Globals } from './stage/scope.ts';
import type { StageState } from './stage/state.ts';

export interface Builder {
  readonly options: BuildOptions;
  readonly world: BuildWorld;
  readonly context: BuildContext;
  readonly kubefile: Kubefile;
  /** The platform that RUN runs on. */
  readonly host: Platform;
  /** Seconds; the time of everything in the image. */
  readonly epoch: number;
  readonly compression: Compression;
  readonly cache: LayerCache;
  readonly digests: FileDigests;
  readonly lock: BuildLock;
  /** sealer.yaml */
  readonly rules: Rules;
  /** .sealignore */
  readonly ignoreFile: ImageList | undefined;
  /** Renders charts, kustomizations and templates for discovery. */
  readonly renderer: Renderer;
  /** Where container images come from: registries, or the mirrors that the rules name. */
  readonly source: ImageSource;
  /** What complete names of container images mean, by the lock or because somebody has asked; added to. */
  readonly resolved: Map<string, { readonly digest: Digest }>;
  /** The temporary cluster, once somebody needed it. */
  readonly recording: { current: Promise<Recording> | undefined };
  /** Values by id, of those secrets that the Kubefile uses. */
  readonly secrets: ReadonlyMap<string, Buffer>;
  readonly warnings: Problem[];
  readonly moved: { fetched: number; reused: number };
  /** What lives until the build ends: unpacked stages, downloads. */
  readonly cleanup: AsyncDisposableStack;
  /** Builds a stage, or returns it if it has been built. */
  stage(index: number, target: Platform): Promise<StageState>;
  globals(target: Platform): Globals;
}

/** Remembers a warning; it is part of the build's result, once. */
export function warn({ warnings }: Pick<Builder, 'warnings'>, problem: Omit<Problem, 'severity'>): void {
  const isKnown = warnings.some(
    ({ message, at }) => message === problem.message && at?.file === problem.at?.file && at?.line === problem.at?.line,
  );
  if (!isKnown) warnings.push({ ...problem, severity: 'warning' });
}

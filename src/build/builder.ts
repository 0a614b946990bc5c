/** What the parts of one build share. */

import type { Problem } from '../error.ts';
import type { Kubefile } from '../kubefile/ast.ts';
import type { Platform } from '../oci/platform.ts';
import type { Compression } from '../oci/tar/index.ts';
import type { BuildContext } from './context/context.ts';
import type { FileDigests } from './context/file-digests.ts';
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

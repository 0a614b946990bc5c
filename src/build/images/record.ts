/** Recording: the image's launch, on the build's cluster, finds what nobody wrote down. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageExtension, unpackRootfs } from '../../cluster-image/index.ts';
import { type Finding, groupByReference } from '../../discover/index.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { imageKey, launchSteps } from '../../rehearsal/index.ts';
import type { Builder } from '../builder.ts';
import { contentLayers, type StageState } from '../stage/state.ts';
import { buildCluster } from './cluster.ts';

/**
 * Runs the launch of the image and gives what was asked for that the findings do not name.
 * @throws SealerError LAUNCH_FAILED, WORKLOADS_NOT_READY, and those of `buildCluster`
 */
export async function recordImages(
  builder: Builder,
  state: StageState,
  extension: ImageExtension,
  known: readonly Finding[],
): Promise<readonly Finding[]> {
  const { store, signal } = builder.world;
  launchSteps(extension);
  const recording = await buildCluster(builder, state);
  await using scratch = await store.scratch('launch');
  const rootfs = join(scratch.path, 'rootfs');
  await mkdir(rootfs);
  const layers = contentLayers(state).map(({ descriptor }) => descriptor);
  await unpackRootfs(store, { layers }, rootfs, { signal });
  const pulled = await recording.launch(rootfs, extension);
  const names = new Set(groupByReference(known).map(({ reference }) => imageKey(formatReference(reference))));
  return pulled
    .filter(({ name }) => !names.has(imageKey(name)))
    .flatMap(({ name, askers }) => findingsOf(builder, name, askers));
}

function findingsOf({ kubefile }: Builder, name: string, askers: readonly string[]): readonly Finding[] {
  const finding: Finding = {
    reference: parseReference(name),
    text: name,
    at: { file: kubefile.file },
    finder: 'recording',
    certainty: 'certain',
  };
  return askers.length === 0 ? [finding] : askers.map((object) => ({ ...finding, object }));
}

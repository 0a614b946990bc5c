/** `build`: from a Kubefile and a folder to a cluster image in the store. */

import type { HarvestedImage } from '../cluster-image/index.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import { assembleIndex, assemblePlatform } from './assemble.ts';
import { addImages } from './images/add.ts';
import { bundleImages } from './images/bundle.ts';
import { type BuildLock, saveLock } from './images/lock.ts';
import type { BuildMaterial, BuildOptions, BuildResult, BuildWorld, BuiltPlatform } from './options.ts';
import { buildStages, type PreparedBuild, prepareBuild } from './prepare.ts';

/**
 * Builds a cluster image. What is wrong with Kubefile, context, secrets or platforms is told before any work; names are
 * set after all of it, so a build that fails or is interrupted leaves none behind.
 * @throws SealerError KUBEFILE_INVALID with all problems, and the codes of the groups build, container images, registry
 */
export async function build(options: BuildOptions, world: BuildWorld): Promise<BuildResult> {
  const clock = startClock();
  const tags = options.tags.map((tag) => formatReference(parseReference(tag)));
  await using prepared = await prepareBuild(options, world);
  const { builder } = prepared;
  clock.end('Kubefile');

  const { built, images } = await buildPlatforms(prepared, clock);
  const descriptor = await assembleIndex(builder, built);
  await builder.digests.save();
  world.signal?.throwIfAborted();
  if (options.lock === 'write') await saveLock(builder, images);
  for (const tag of tags) await world.store.tag(tag, descriptor);
  clock.end('Image');
  const [only] = built;
  return {
    digest: descriptor.digest,
    imageId: built.length === 1 && only !== undefined ? only.config : descriptor.digest,
    descriptor,
    tags,
    platforms: built,
    materials: materialsOf(builder.lock),
    reusedBytes: builder.moved.reused,
    fetchedBytes: builder.moved.fetched,
    problems: builder.warnings,
    timings: clock.timings,
    clusterTimings: (await builder.recording.current)?.timings,
  };
}

function materialsOf({ bases, charts }: Pick<BuildLock, 'bases' | 'charts'>): readonly BuildMaterial[] {
  const found = [
    ...[...bases].map(([name, { digest }]) => ({ kind: 'base', name, digest }) as const),
    ...[...charts].map(([name, { digest }]) => ({ kind: 'chart', name, digest }) as const),
  ];
  return found.sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
}

interface Built {
  readonly built: readonly BuiltPlatform[];
  /** All container images, of all platforms. */
  readonly images: readonly HarvestedImage[];
}

async function buildPlatforms(prepared: PreparedBuild, clock: Clock): Promise<Built> {
  const { builder } = prepared;
  const states = await buildStages(prepared);
  clock.end('Layers');
  builder.world.report({ type: 'phase', title: 'Container images' });
  const added = await addImages(prepared, states);
  const built: BuiltPlatform[] = [];
  for (const { state, found } of added) {
    built.push(await assemblePlatform(builder, state, await bundleImages(builder, state, found)));
  }
  clock.end('Container images');
  return { built, images: added.flatMap(({ found }) => found?.images ?? []) };
}

interface Clock {
  readonly timings: { readonly phase: string; readonly ms: number }[];
  end(phase: string): void;
}

function startClock(): Clock {
  const timings: { phase: string; ms: number }[] = [];
  let last = performance.now();
  return {
    timings,
    end(phase) {
      const now = performance.now();
      timings.push({ phase, ms: Math.round(now - last) });
      last = now;
    },
  };
}

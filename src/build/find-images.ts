/** Which container images a context needs: a build up to discovery, and nothing fetched for what it finds. */

import type { Finding } from '../discover/index.ts';
import type { Problem } from '../error.ts';
import type { Platform } from '../oci/platform.ts';
import { findImages } from './images/find.ts';
import type { BuildOptions, BuildWorld } from './options.ts';
import { buildStages, prepareBuild } from './prepare.ts';

export interface FoundImages {
  /** In the order of path and place; what several platforms name at the same place is here once. */
  readonly findings: readonly Finding[];
  /** Warnings. */
  readonly problems: readonly Problem[];
  /** What it was looked up for: those of the options, or this machine's. */
  readonly platforms: readonly Platform[];
}

/**
 * Does the stages of a build, which give the files, and finds the images that these name.
 * @throws SealerError KUBEFILE_INVALID, MANIFEST_UNREADABLE, and the codes of the groups build and registry
 */
export async function findContainerImages(options: BuildOptions, world: BuildWorld): Promise<FoundImages> {
  await using prepared = await prepareBuild(options, world);
  const { builder, lists, platforms } = prepared;
  const findings = new Map<string, Finding>();
  for (const state of await buildStages(prepared)) {
    for (const finding of await findImages(builder, state, lists)) findings.set(JSON.stringify(finding), finding);
  }
  await builder.digests.save();
  world.signal?.throwIfAborted();
  return { findings: [...findings.values()], problems: builder.warnings, platforms };
}

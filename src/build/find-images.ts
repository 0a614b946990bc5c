/** Which container images a context needs, and what they mean now: a build up to discovery, and no layers fetched. */

import { type HarvestedImage, resolveImages } from '../cluster-image/index.ts';
import type { Finding, NamedImage } from '../discover/index.ts';
import type { Problem } from '../error.ts';
import type { LockedContent } from '../image-lock/index.ts';
import type { Platform } from '../oci/platform.ts';
import { type Confirmation, confirmImages } from './images/confirm.ts';
import { isPossible } from './images/fetch.ts';
import { findImages } from './images/find.ts';
import { recordedFindings } from './images/lock.ts';
import { openSupply } from './images/supply.ts';
import type { BuildOptions, BuildWorld } from './options.ts';
import { buildStages, prepareBuild } from './prepare.ts';

export interface FoundImages {
  /** In the order of path and place; what several platforms name at the same place is here once. */
  readonly findings: readonly Finding[];
  /** Warnings. */
  readonly problems: readonly Problem[];
  /** What the files were made for: the platforms of the options, or this machine's. */
  readonly platforms: readonly Platform[];
  /** By complete name, what the images of FROM and `COPY --from` are. */
  readonly bases: ReadonlyMap<string, LockedContent>;
  readonly charts: ReadonlyMap<string, LockedContent>;
}

/** What was found, while archives, engines and rules are at hand. */
export interface OpenImages extends FoundImages {
  /**
   * Asks what images mean, where a build would ask. Those that may be missing, and are, are left out.
   * @throws SealerError IMAGES_MISSING
   */
  resolve(images: readonly NamedImage[], platforms: readonly Platform[]): Promise<readonly HarvestedImage[]>;
  /** Asks whether images are there, where a build would ask; hosts that do not answer are not waited for. */
  confirm(images: readonly NamedImage[]): Promise<ReadonlyMap<string, Confirmation>>;
}

/**
 * Does the stages of a build, which give the files, finds the images that these name, and lets `use` ask for more before
 * everything is closed again.
 * @throws SealerError KUBEFILE_INVALID, MANIFEST_UNREADABLE, the codes of the groups build and registry, and what `use`
 *   throws
 */
export async function withContainerImages<T>(
  options: BuildOptions,
  world: BuildWorld,
  use: (found: OpenImages) => Promise<T>,
): Promise<T> {
  await using prepared = await prepareBuild(options, world);
  const { builder, lists, platforms } = prepared;
  const states = await buildStages(prepared);
  const supply = await openSupply(builder, states, platforms);
  const findings = new Map<string, Finding>();
  const remember = (finding: Finding): void => void findings.set(JSON.stringify(finding), finding);
  const others = {
    findings: [...supply.findings, ...recordedFindings(builder.lock)],
    problems: [...supply.problems],
  };
  for (const state of states) (await findImages(builder, state, lists, others)).forEach(remember);
  await builder.digests.save();
  world.signal?.throwIfAborted();
  return await use({
    findings: [...findings.values()],
    problems: builder.warnings,
    platforms,
    bases: builder.lock.bases,
    charts: builder.lock.charts,
    async resolve(images, platforms) {
      const { store, report, signal } = world;
      const { resolved } = await resolveImages(images, {
        ...{ store, report, signal, platforms },
        client: builder.source,
        offline: options.offline,
        resolved: builder.resolved,
        fallback: supply.fallback,
        isOptional: (image) => isPossible(image) || builder.rules.mayBeMissing(image.reference),
      });
      return resolved;
    },
    confirm: (images) => confirmImages(images, { ...builder, signal: world.signal }),
  });
}

/** Container images of this machine: archives, and engines to ask for what no registry has. */

import type { HarvestOptions } from '../../cluster-image/index.ts';
import type { Finding } from '../../discover/index.ts';
import type { Problem } from '../../error.ts';
import { engineFallback, engineSource, fileArchive, openLocalImages } from '../../local-images/index.ts';
import type { Platform } from '../../oci/platform.ts';
import { type Builder, warn } from '../builder.ts';
import type { StageState } from '../stage/state.ts';
import { localFiles } from './local-files.ts';

/** Shared by all platforms of a build, so that a name means the same for each. */
export interface ImageSupply {
  /** Asked for what no registry has. */
  readonly fallback: HarvestOptions['fallback'];
  /** Images that are wanted because they lie in an archive of the image, or a list beside it names them. */
  readonly findings: readonly Finding[];
  /** What is wrong with these archives and lists; their places are in the rootfs. */
  readonly problems: readonly Problem[];
}

/**
 * Reads the archives of the image and of the command line, and opens what else images come from. What lies in an archive
 * counts before the lock, and that before any registry.
 * @throws SealerError SOURCE_NOT_FOUND and PERMISSION for archives of the command line, and DISK_FULL
 */
export async function openSupply(
  builder: Builder,
  states: readonly StageState[],
  platforms: readonly Platform[],
): Promise<ImageSupply> {
  const { options, world } = builder;
  const { store, signal, report, env } = world;
  const inside = await Promise.all(states.map((state) => localFiles(builder, state)));
  const given = await Promise.all((options.imageArchives ?? []).map(fileArchive));
  // The same file is in the image of each platform.
  const archives = new Map(inside.flatMap((files) => files.archives).map((each) => [each.name, each]));
  const local = await openLocalImages({
    ...{ store, platforms, signal, report },
    archives: [...archives.values(), ...given],
    lists: new Map(inside.flatMap((files) => [...files.lists])),
    engine: (kind) => engineSource(kind, { store, env }),
  });
  for (const [name, found] of local.resolved) builder.resolved.set(name, found);
  const kinds = [...new Set([...builder.rules.sources, ...(options.imageSources ?? [])])];
  const engines = kinds.map((kind) => engineSource(kind, { store, env }));
  const onProblem = (problem: Problem): void => warn(builder, problem);
  return {
    fallback:
      engines.length === 0 ? undefined : engineFallback(engines, { store, platforms, signal, report, onProblem }),
    findings: local.findings,
    problems: local.problems,
  };
}

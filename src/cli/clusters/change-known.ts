/** Commands that change a cluster which is there: its own Clusterfile, with a change. */

import type { KnownCluster } from '../../cluster/index.ts';
import type { Clusterfile } from '../../clusterfile/index.ts';
import type { CliContext } from '../context.ts';
import { runnableImage } from './cluster-image.ts';
import { readTarget } from './cluster-input.ts';
import type { TargetFlags } from './host-flags.ts';
import { type HostSecrets, openWorld, readSecrets, type WorldFlags } from './open-world.ts';
import { printChange, type RunChangeFlags, runChange } from './run-change.ts';

export type KnownFlags = RunChangeFlags & TargetFlags & WorldFlags;

export interface KnownChange {
  /** The Clusterfile as it is to be. */
  readonly change: (known: KnownCluster, secrets: HostSecrets) => Clusterfile;
  /** The manifest that the image has to be; default: what the cluster has, if the image's name stays the same. */
  readonly digest?: ((known: KnownCluster) => string | undefined) | undefined;
}

/** Finds the cluster, changes it and prints what came of it. */
export async function changeKnown(
  context: CliContext,
  flags: KnownFlags,
  command: string,
  { change, digest }: KnownChange,
): Promise<void> {
  const { openKnownCluster } = await import('../../cluster/index.ts');
  const secrets = await readSecrets(context, flags);
  const { changed, logs } = await (async () => {
    await using opened = await openWorld(context, flags, command);
    const { world, logs } = opened;
    const target = await readTarget(context, flags, { secrets, report: world.report });
    const { clusterfile, wanted } = await (async () => {
      await using known = await openKnownCluster(target, world);
      const next = change(known, secrets);
      const isSame = next.cluster.image === known.saved.image.name;
      return { clusterfile: next, wanted: digest?.(known) ?? (isSame ? known.saved.image.digest : undefined) };
    })();
    const image = (arch: string) => runnableImage(world, clusterfile.cluster.image, arch, { digest: wanted });
    return { changed: await runChange(context, flags, { clusterfile, world, image }), logs };
  })();
  printChange(context, flags, changed, logs);
}

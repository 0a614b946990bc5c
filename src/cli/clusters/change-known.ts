/** Commands that change a cluster which is there: its own Clusterfile, with a change. */

import type { KnownCluster } from '../../cluster/index.ts';
import type { Clusterfile } from '../../clusterfile/index.ts';
import type { CliContext } from '../context.ts';
import { readTrust } from '../trust-flags.ts';
import { runnableImage } from './cluster-image.ts';
import { readTarget } from './cluster-input.ts';
import { dropHosts } from './container-hosts.ts';
import type { TargetFlags } from './host-flags.ts';
import { type HostSecrets, type OpenWorld, openWorld, readSecrets, type WorldFlags } from './open-world.ts';
import { printChange, type RunChangeFlags, runChange } from './run-change.ts';

export type KnownFlags = RunChangeFlags & TargetFlags & WorldFlags;

export interface KnownChange {
  /** The Clusterfile as it is to be. */
  readonly change: (known: KnownCluster, secrets: HostSecrets, opened: OpenWorld) => Clusterfile | Promise<Clusterfile>;
  readonly isRollback?: boolean | undefined;
  /** Done in the end, whatever came of it. */
  readonly after?: (() => Promise<void>) | undefined;
  /** The manifest that the image has to be; default: what the cluster has, if the image's name stays the same. */
  readonly digest?: ((known: KnownCluster) => string | undefined) | undefined;
}

/** Finds the cluster, changes it and prints what came of it. */
export async function changeKnown(
  context: CliContext,
  flags: KnownFlags,
  command: string,
  { change, digest, isRollback, after }: KnownChange,
): Promise<void> {
  const { openKnownCluster } = await import('../../cluster/index.ts');
  const secrets = await readSecrets(context, flags);
  const { changed, logs } = await (async () => {
    await using opened = await openWorld(context, flags, command);
    await using end = new AsyncDisposableStack();
    if (after !== undefined) end.defer(after);
    const { world, logs, engine } = opened;
    const found = await readTarget(context, flags, { secrets, report: world.report, engine });
    const target = { ...found, secretsFrom: context.env };
    const { clusterfile, wanted } = await (async () => {
      await using known = await openKnownCluster(target, world);
      const next = await change(known, secrets, opened);
      const isSame = next.cluster.image === known.saved.image.name;
      return { clusterfile: next, wanted: digest?.(known) ?? (isSame ? known.saved.image.digest : undefined) };
    })();
    const trust = await readTrust(flags);
    const image = (arch: string) => runnableImage(world, clusterfile.cluster.image, arch, { digest: wanted, trust });
    const changed = await runChange(context, flags, { clusterfile, world, image, isRollback });
    if (engine !== undefined && flags.dryRun !== true) await dropHosts(await engine(), clusterfile);
    return { changed, logs };
  })();
  printChange(context, flags, changed, logs);
}

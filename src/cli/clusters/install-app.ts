/** `sealer run` of an image of apps alone, on a cluster that is there. */

import { SealerError } from '../../error.ts';
import { hostPlatform } from '../../oci/platform.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print.ts';
import { formatBytes } from '../progress/index.ts';
import { readTrust } from '../trust-flags.ts';
import { toChangeOptions } from './change-flags.ts';
import { runnableImage } from './cluster-image.ts';
import { type ClusterInputFlags, readTarget, toClusterfileFlags } from './cluster-input.ts';
import { openWorld, readSecrets, type WorldFlags } from './open-world.ts';
import { printChange, type RunChangeFlags } from './run-change.ts';

export interface InstallFlags {
  /** Path of the file. */
  readonly kubeconfig?: string | undefined;
  /** `host:port` */
  readonly registry?: string | undefined;
}

type Flags = ClusterInputFlags & RunChangeFlags & WorldFlags & InstallFlags;

const REGISTRY_PORT = 443;

/** Runs it on a cluster that sealer made, by one of its masters. */
export async function installOnCluster(context: CliContext, flags: Flags, image: string | undefined): Promise<void> {
  const { installApp, openKnownCluster } = await import('../../cluster/index.ts');
  const { clusterfileFromFlags } = await import('../../clusterfile/index.ts');
  const name = named(image);
  const secrets = await readSecrets(context, flags);
  const { dryRun, waits, timeoutMs, lock } = toChangeOptions(flags);
  const { changed, logs } = await (async () => {
    await using opened = await openWorld(context, flags, 'sealer run');
    const { world, logs, engine } = opened;
    const asked = { ...flags, clusterfile: undefined };
    const found = await readTarget(context, asked, { secrets, report: world.report, engine });
    const target = { ...found, secretsFrom: context.env };
    await using known = await openKnownCluster(target, world);
    const [host] = known.masters;
    if (host === undefined) throw new SealerError('CLUSTER_NOT_FOUND', `${known.saved.name} has no master`);
    const { arch } = await host.facts();
    const own = { ...toClusterfileFlags(flags, {}), masters: undefined, nodes: undefined };
    const request = {
      ...{ known, dryRun, waits, timeoutMs, lock, cluster: clusterfileFromFlags(own).cluster },
      image: await runnableImage(world, name, arch, { pull: flags.pull, trust: await readTrust(flags) }),
      // What the cluster's own image brought is looked up again: mirrors are written for all images at once.
      baseImages: (await runnableImage(world, known.saved.image.name, arch, { digest: known.saved.image.digest }))
        .images,
    };
    return { changed: await installApp(request, world), logs };
  })();
  printChange(context, flags, changed, logs);
}

/** Runs it with a kubeconfig, from this machine. */
export async function installWithKubeconfig(
  context: CliContext,
  flags: Flags,
  image: string | undefined,
): Promise<void> {
  const { installByKubeconfig } = await import('../../cluster/index.ts');
  const { clusterfileFromFlags } = await import('../../clusterfile/index.ts');
  const name = named(image);
  const { kubeconfig } = flags;
  if (kubeconfig === undefined || flags.dryRun === true) {
    throw new SealerError(
      'USAGE',
      'A cluster that sealer did not make remembers nothing that a plan could be made of',
      {
        hint: 'Leave out --dry-run; sealer inspect shows what the image launches.',
      },
    );
  }
  const { waits, timeoutMs } = toChangeOptions(flags);
  const own = { ...toClusterfileFlags(flags, {}), masters: undefined, nodes: undefined };
  const result = await (async () => {
    await using opened = await openWorld(context, { ...flags, provider: 'ssh' }, 'sealer run');
    const { world } = opened;
    const options = {
      ...{ kubeconfig, waits, timeoutMs, path: context.env.PATH, cluster: clusterfileFromFlags(own).cluster },
      image: await runnableImage(world, name, hostPlatform().architecture, {
        pull: flags.pull,
        trust: await readTrust(flags),
      }),
      registry: flags.registry === undefined ? undefined : readAuthority(flags.registry),
    };
    return await installByKubeconfig(options, world);
  })();
  printResult(context, flags, { image: name, ...result }, () =>
    flags.quiet === true
      ? ''
      : `${name} runs: ${result.launched.join(', ') || 'nothing to launch'}${result.sent > 0 ? `; ${formatBytes(result.sent)} pushed` : ''}`,
  );
}

function named(image: string | undefined): string {
  if (image !== undefined) return image;
  throw new SealerError('USAGE', 'No image is named', { hint: 'sealer run IMAGE --cluster-host 10.0.0.2' });
}

/** @throws SealerError USAGE */
function readAuthority(text: string): { readonly domain: string; readonly port: number } {
  const [, domain = '', port = String(REGISTRY_PORT)] =
    /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (domain !== '' && Number(port) <= 65_535) return { domain: domain.replace(/^\[|\]$/g, ''), port: Number(port) };
  throw new SealerError('USAGE', `--registry ${text}: this is not host:port`);
}

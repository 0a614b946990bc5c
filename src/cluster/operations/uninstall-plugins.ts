/** Plugins around the end of a whole cluster. */

import type { Phase } from '../../clusterfile/desired.ts';
import type { Host } from '../../hosts/host.ts';
import type { Report } from '../../progress.ts';
import { rootfsFolder } from '../distribution/index.ts';
import { pluginsOnHost } from '../image/image-plugins.ts';
import { orderPlugins, type PluginContext, runPlugins } from '../plugins/index.ts';
import type { KnownCluster } from './known-cluster.ts';

export interface UninstallOptions {
  /** Of the cluster's hosts, masters last. */
  readonly reachable: readonly Host[];
  readonly report: Report;
  readonly signal: AbortSignal;
}

export interface UninstallPlugins {
  /**
   * What is to come before the reset: `pre-clean-host`, `pre-uninstall`. Once it is through it is not run again, for a run that
   * broke off after that may have taken the API away, which plugins ask.
   * @throws SealerError PLUGIN_FAILED
   */
  before(): Promise<void>;
  /**
   * What is to come after it: `post-uninstall`, `post-clean-host`.
   * @throws SealerError PLUGIN_FAILED
   */
  after(): Promise<void>;
}

/** Reads the plugins of the image that the hosts have; with those of the Clusterfile, they run on the hosts that can be reached. */
export async function uninstallPlugins(
  {
    clusterfile,
    home,
    masters,
    saved,
    runtime,
  }: Pick<KnownCluster, 'clusterfile' | 'home' | 'masters' | 'saved' | 'runtime'>,
  { reachable, report, signal }: UninstallOptions,
): Promise<UninstallPlugins> {
  const rootfs = rootfsFolder(home, saved.image.digest);
  const [source] = reachable.toReversed();
  const brought = source === undefined ? [] : await pluginsOnHost(source, rootfs, signal);
  const { cluster, plugins } = clusterfile;
  const specOf = (host: Host) => cluster.hosts.find(({ address }) => address === host.address);
  const live = masters.filter((host) => reachable.includes(host));
  const context = {
    specs: orderPlugins(brought, plugins),
    hosts: reachable.map((host) => ({
      host,
      roles: specOf(host)?.roles ?? [],
      labels: specOf(host)?.labels ?? {},
      env: { ...cluster.env, ...specOf(host)?.env },
      isMaster0: host === live[0],
    })),
    ...{ home, rootfs, clusterName: saved.name, report, signal },
  };
  const ofCluster: Partial<PluginContext> = {
    kubectl: (argv, how) => runtime.kubectl(argv, how),
    snapshot: () => runtime.snapshot(),
  };
  const run = async (phases: readonly Phase[], more: Partial<PluginContext> = {}): Promise<void> => {
    for (const phase of phases) await runPlugins(phase, { ...context, ...more });
  };
  const mark = `${home}/uninstalling`;
  return {
    before: async () => {
      const texts = await Promise.all(live.map((host) => host.readText(mark, { signal })));
      if (texts.some((text) => text !== undefined)) return;
      await run(['pre-clean-host', 'pre-uninstall'], ofCluster);
      await Promise.all(live.map((host) => host.write(mark, '', { mode: 0o600, signal })));
    },
    after: () => run(['post-uninstall', 'post-clean-host']),
  };
}

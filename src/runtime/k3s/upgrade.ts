/**
 * A newer k3s: servers one at a time, then agents. Containers go on while k3s is replaced under them (KillMode=process), so
 * nothing is drained, and apps answer throughout.
 */

import { SealerError } from '../../error.ts';
import { installFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { listNodes } from '../nodes/index.ts';
import type { NodeState, RuntimeImage } from '../runtime.ts';
import { checkUpgrade, compareVersions } from '../version.ts';
import { type K3sCluster, say } from './cluster.ts';
import { agentConfig, renderConfig, serverConfig, textsOf } from './config.ts';
import { configSources, readConfig } from './config-files.ts';
import { CONFIG_FILE } from './paths.ts';
import { installProgram, restart } from './prepare.ts';
import type { K3sRole } from './services.ts';
import { takeSnapshot } from './snapshot.ts';
import { versionIn } from './versions.ts';

/** Agents that are restarted at a time: so few that a version that does not work is seen before it is everywhere. */
const AGENTS_AT_A_TIME = 4;

/**
 * @throws SealerError DOWNGRADE, UPGRADE_SKIPS_MINOR before anything is done; NODE_NOT_READY, COMMAND_FAILED naming the
 *   first host that failed: those before it stay upgraded, those behind it are untouched, and a rerun goes on there
 */
export async function upgradeCluster(cluster: K3sCluster, to: RuntimeImage): Promise<void> {
  const { kubectl, context } = cluster;
  const nodes = await listNodes(kubectl, context.signal);
  for (const { version } of nodes) checkUpgrade(version, to.kubeVersion);
  const first = await cluster.liveMaster();
  const version = await versionOfProgram(first, to, context.signal);
  const old = nodes.filter((node) => compareVersions(node.version, version) < 0);
  if (old.length === 0) return;
  if (old.some(({ role }) => role === 'master') && !hasOtherStore(cluster)) await takeSnapshot(cluster);
  const oldOf = (hosts: readonly Host[]): readonly Host[] =>
    hosts.filter((host) => old.some(({ address }) => address === host.address));
  const step = async (host: Host, role: K3sRole): Promise<void> => {
    try {
      await upgradeHost(cluster, { host, role, to, version });
    } catch (error) {
      throw stoppedAt(host, old, error);
    }
  };
  for (const host of oldOf(context.masters)) await step(host, 'server');
  // The first alone, as a probe; then several.
  const [probe, ...others] = oldOf(context.nodes);
  if (probe !== undefined) await step(probe, 'agent');
  await inParallel(others, AGENTS_AT_A_TIME, (host) => step(host, 'agent'));
}

interface HostUpgrade {
  readonly host: Host;
  readonly role: K3sRole;
  readonly to: RuntimeImage;
  /** What its kubelet will tell. */
  readonly version: string;
}

async function upgradeHost(cluster: K3sCluster, { host, role, to, version }: HostUpgrade): Promise<void> {
  const { context } = cluster;
  const { home, signal } = context;
  say(cluster, `${host.label}: upgrading to ${version}`);
  await installProgram(cluster, host, to);
  const there = (await readConfig(host, signal)) ?? {};
  const sources = await configSources(cluster, to, host);
  const server = typeof there.server === 'string' ? there.server : undefined;
  // What servers have alike stays: it cannot be changed by restarting them one after the other.
  const config =
    role === 'server'
      ? serverConfig(sources, { server, critical: there, sans: textsOf(there['tls-san']) })
      : agentConfig(sources, server ?? '');
  await installFiles(host, home, [{ path: CONFIG_FILE, mode: 0o600, content: renderConfig(config) }], { signal });
  await restart(cluster, host, role, version);
}

/** What the image's program is: it, and not a label, is what kubelets will tell. */
async function versionOfProgram(host: Host, image: RuntimeImage, signal: AbortSignal): Promise<string> {
  const { stdout } = await host.exec({ argv: [`${image.rootfs}/bin/k3s`, '--version'], signal });
  return versionIn(stdout) ?? image.kubeVersion;
}

function hasOtherStore({ context }: K3sCluster): boolean {
  return context.cluster.k3s?.server['datastore-endpoint'] !== undefined;
}

function stoppedAt(host: Host, old: readonly NodeState[], error: unknown): unknown {
  if (!(error instanceof SealerError)) return error;
  const from = old.find(({ address }) => address === host.address)?.version ?? 'the old version';
  return new SealerError(error.code, `the upgrade stopped at ${host.label} (${from}): ${error.message}`, {
    hint: `${error.hint ?? 'Mend it.'} Hosts that are upgraded stay so; running the same command again goes on with ${host.address}.`,
    cause: error,
  });
}

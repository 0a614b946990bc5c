/** Bringing k3s up on hosts: its config, its secrets, its service. */

import { SealerError } from '../../error.ts';
import { installFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import type { Fields } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { inParallel } from '../../parallel.ts';
import { installService, serviceState, startService } from '../services/index.ts';
import { JOINS_AT_A_TIME, type K3sCluster, say } from './cluster.ts';
import { agentConfig, renderConfig, serverConfig, textsOf } from './config.ts';
import { configSources, readConfig } from './config-files.ts';
import { etcdMembers } from './etcd-members.ts';
import { forgetEarlier } from './forget-earlier.ts';
import { CONFIG_FILE, serverUrl } from './paths.ts';
import { restartK3s } from './prepare.ts';
import { type K3sRole, serviceName, serviceOf } from './services.ts';
import { bringTokens, makeTokens } from './tokens.ts';
import { waitUntilUp } from './wait-until-up.ts';

/** Makes the first master a cluster, or waits until it is one. */
export async function initFirst(cluster: K3sCluster): Promise<void> {
  const { context } = cluster;
  const first = context.masters[0];
  if (first === undefined) throw new Error('a cluster without masters cannot be made');
  await makeTokens(cluster, first);
  const there = await readConfig(first, context.signal);
  const sources = await configSources(cluster, context.image, first);
  // A server that joined and is the first now keeps what it has; so do names that were added to its certificate.
  const sans = textsOf(there?.['tls-san']);
  const server = typeof there?.server === 'string' ? there.server : undefined;
  await start(cluster, first, 'server', { config: serverConfig(sources, { server, sans }), hasChanged: false });
  await waitUntilUp(cluster, first, 'server');
}

/** Servers join one at a time: etcd takes one learner. */
export async function joinServers(cluster: K3sCluster, hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) {
    const { context, port } = cluster;
    await forgetEarlier(cluster, host);
    const from = await otherMaster(cluster, host);
    const critical = await readConfig(from, context.signal);
    const there = await readConfig(host, context.signal);
    const sources = await configSources(cluster, context.image, host);
    const sans = textsOf(critical?.['tls-san'], there?.['tls-san']);
    const config = serverConfig(sources, { server: serverUrl(from.address, port), critical, sans });
    say(cluster, `${host.label}: joining as a master`);
    const hasChanged = await bringTokens(cluster, from, host, true);
    await start(cluster, host, 'server', { config, hasChanged });
    await waitUntilUp(cluster, host, 'server');
    await waitForMember(cluster, host);
  }
}

/** Agents join in parallel. */
export async function joinAgents(cluster: K3sCluster, hosts: readonly Host[]): Promise<void> {
  if (hosts.length === 0) return;
  const { context, port } = cluster;
  const from = await cluster.liveMaster();
  await inParallel(hosts, JOINS_AT_A_TIME, async (host) => {
    await forgetEarlier(cluster, host);
    const sources = await configSources(cluster, context.image, host);
    const there = await readConfig(host, context.signal);
    // A member stays where it joined: its balancer knows all servers.
    const isKnown = context.masters.some(({ address }) => there?.server === serverUrl(address, port));
    const server = isKnown && typeof there?.server === 'string' ? there.server : serverUrl(from.address, port);
    const hasChanged = await bringTokens(cluster, from, host, false);
    await start(cluster, host, 'agent', { config: agentConfig(sources, server), hasChanged });
    await waitUntilUp(cluster, host, 'agent');
  });
}

interface Start {
  readonly config: Fields;
  /** Something that k3s reads at its start is new. */
  readonly hasChanged: boolean;
}

async function start(cluster: K3sCluster, host: Host, role: K3sRole, { config, hasChanged }: Start): Promise<void> {
  const { home, signal } = cluster.context;
  const file = { path: CONFIG_FILE, mode: 0o600, content: renderConfig(config) };
  const changed = await installFiles(host, home, [file], { signal });
  const isNewUnit = await installService(host, home, serviceOf(role, cluster.files, host.address), { signal });
  const name = serviceName(role);
  const state = await serviceState(host, name, { signal });
  if (state === 'inactive' || state === 'failed') {
    await startService(host, name, { isDetached: true, signal });
  } else if (hasChanged || changed.length > 0 || isNewUnit) {
    await restartK3s(cluster, host, role);
  }
}

async function otherMaster(cluster: K3sCluster, host: Host): Promise<Host> {
  const from = await cluster.liveMaster();
  if (from.address !== host.address) return from;
  const other = cluster.masters().find(({ address }) => address !== host.address);
  return other ?? from;
}

/** A server is one of etcd's voters when its own API answers; that etcd's list names it is seen by others a moment later. */
async function waitForMember(cluster: K3sCluster, host: Host): Promise<void> {
  const { context, limits } = cluster;
  const found = await poll(
    async (): Promise<Round<true>> => {
      const members = await etcdMembers(cluster);
      return members === undefined || members.includes(host.address) ? { done: true } : {};
    },
    { timeoutMs: limits.leaveMs, signal: context.signal },
  );
  if (found !== undefined) return;
  throw new SealerError('NODE_NOT_READY', `${host.label} runs, but is no member of etcd`, {
    hint: `Look at \`journalctl -u k3s\` on ${host.address}, mend it, and run the same command again.`,
  });
}

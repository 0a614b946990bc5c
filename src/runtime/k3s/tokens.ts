/**
 * The secrets by which hosts join. They lie in files that root alone reads, never in a config, a unit or an argument.
 * Agents have one of their own: who has the servers' can fetch the keys of the cluster's authorities.
 */

import { randomBytes } from 'node:crypto';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { stringOf } from '../../kubernetes/fields.ts';
import type { K3sCluster } from './cluster.ts';

/**
 * Sees to it that the first server has both secrets: those that are there, the Clusterfile's, or new ones.
 */
export async function makeTokens(cluster: K3sCluster, host: Host): Promise<void> {
  const { context, files } = cluster;
  const { signal } = context;
  const desired = context.cluster.k3s?.server ?? {};
  for (const [path, key] of [
    [files.token, 'token'],
    [files.agentToken, 'agent-token'],
  ] as const) {
    const there = (await host.readText(path, { signal }))?.trim() ?? '';
    if (there !== '') continue;
    const token = stringOf(desired[key]) ?? randomBytes(32).toString('hex');
    await host.write(path, `${token}\n`, { mode: 0o600, signal });
  }
}

/**
 * Gives a host that joins its secrets: a server both, an agent its own. They begin with the digest of the cluster's
 * authority, so that nobody can pretend to be the cluster (k3s docs: cli/token).
 * @param from a server
 * @returns whether anything changed
 */
export async function bringTokens(cluster: K3sCluster, from: Host, host: Host, isServer: boolean): Promise<boolean> {
  const { files } = cluster;
  const agent = await readSecret(cluster, from, files.agentToken);
  if (!isServer) {
    const server = await serverToken(cluster, from);
    const authority = /^K10[0-9a-f]{64}/.exec(server)?.[0];
    return await put(cluster, host, files.agentToken, authority === undefined ? agent : `${authority}::node:${agent}`);
  }
  const changed = await put(cluster, host, files.token, await serverToken(cluster, from));
  // Servers compare it, so it has to be written alike everywhere.
  return (await put(cluster, host, files.agentToken, agent)) || changed;
}

/** The servers' secret, as the server wrote it when it had started: `K10<digest of the authority>::server:<password>`. */
export async function serverToken(cluster: K3sCluster, from: Host): Promise<string> {
  return await readSecret(cluster, from, `${cluster.dataDir}/server/token`);
}

async function readSecret({ context }: K3sCluster, host: Host, path: string): Promise<string> {
  const text = (await host.readText(path, { signal: context.signal }))?.trim() ?? '';
  if (text !== '') return text;
  throw new SealerError('COMMAND_FAILED', `${host.label} has no ${path}, which hosts need that are to join`, {
    hint: 'Was the cluster made by sealer, with this data root? Run the same command again when k3s is up there.',
  });
}

async function put({ context }: K3sCluster, host: Host, path: string, token: string): Promise<boolean> {
  const { signal } = context;
  if ((await host.readText(path, { signal }))?.trim() === token) return false;
  await host.write(path, `${token}\n`, { mode: 0o600, signal });
  return true;
}

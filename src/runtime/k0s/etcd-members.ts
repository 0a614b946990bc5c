/** The members of k0s's etcd, and taking one out in a way that works with every release (k0s docs: remove_controller.md). */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { fieldsOf, isTrue, mapOf, mapsOf, oneLine, stringOf } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { isAtLeast } from '../version.ts';
import { type K0sCluster, runK0s } from './cluster.ts';
import { observeHost } from './observe.ts';
import { K0S } from './paths.ts';

export interface EtcdMember {
  readonly name: string;
  /** Of its peer URL. */
  readonly address: string;
}

const VERIFY_MS = 60_000;

/** All members, as a controller tells them. @throws SealerError COMMAND_FAILED, CLUSTER_API_ERROR */
export async function listEtcdMembers(cluster: K0sCluster, master: Host): Promise<readonly EtcdMember[]> {
  const { stdout } = await runK0s(cluster, master, [K0S, 'etcd', 'member-list'], 60_000);
  return readMembers(stdout, master.label);
}

/** Reads `{"members": {"name": "https://10.0.0.2:2380"}}`, which may stand between lines of a log. */
export function readMembers(output: string, where: string): readonly EtcdMember[] {
  for (const line of [output, ...output.split('\n')]) {
    try {
      const members = fieldsOf(mapOf(JSON.parse(line)).members);
      if (members === undefined) continue;
      return Object.entries(members).map(([name, url]) => ({ name, address: hostOf(stringOf(url) ?? '') }));
    } catch {}
  }
  throw new SealerError('CLUSTER_API_ERROR', `k0s etcd member-list on ${where} said: ${oneLine(output, 300)}`);
}

/** Whether etcd has a member at an address. */
export async function hasEtcdMember(cluster: K0sCluster, master: Host, address: string): Promise<boolean> {
  return (await listEtcdMembers(cluster, master)).some((member) => member.address === address);
}

/** Waits until etcd has a member at an address. @throws SealerError NODE_NOT_READY */
export async function waitForEtcdMember(cluster: K0sCluster, master: Host, address: string): Promise<void> {
  if (await becomes(cluster, master, address, true, VERIFY_MS)) return;
  throw new SealerError('NODE_NOT_READY', `${address} joined, but is no member of etcd`, {
    hint: 'Look at the log of k0scontroller on it.',
  });
}

/**
 * Takes a member out and makes sure that it is gone. From 1.30 on a running controller is asked to leave by itself; one
 * that does not, or is down, is removed by the survivor: asked to leave, it would be waited for five minutes in vain.
 * @param survivor a live controller that stays
 * @throws SealerError STEP_FAILED if it is still there
 */
export async function leaveEtcd(
  cluster: K0sCluster,
  survivor: Host,
  address: string,
  { isRunning }: { readonly isRunning: boolean },
): Promise<void> {
  if (!(await hasEtcdMember(cluster, survivor, address))) return;
  const { runningVersion } = await observeHost(survivor, cluster.context.signal);
  if (isRunning && runningVersion !== undefined && isAtLeast(runningVersion, 1, 30)) {
    await askToLeave(cluster, survivor, address);
  }
  if (await hasEtcdMember(cluster, survivor, address)) {
    await runK0s(cluster, survivor, [K0S, 'etcd', 'leave', '--peer-address', address]);
  }
  if (await becomes(cluster, survivor, address, false, VERIFY_MS)) return;
  throw new SealerError(
    'STEP_FAILED',
    `${address} is still a member of etcd after it was removed from ${survivor.label}`,
    {
      hint: `Look at \`k0s etcd member-list\` on ${survivor.label}, and run the same command again.`,
    },
  );
}

/** Deletes what k0s keeps about a controller that is gone. Resources that this release does not have are no matter. */
export async function forgetController(cluster: K0sCluster, survivor: Host, name: string): Promise<void> {
  for (const kind of ['etcdmember.etcd.k0sproject.io', 'controlnode.autopilot.k0sproject.io']) {
    const argv = [K0S, 'kubectl', 'delete', kind, name, '--ignore-not-found', '--wait=false'] as const;
    await survivor.exec({ argv, allowFailure: true, signal: cluster.context.signal, timeoutMs: 60_000 });
  }
}

/** Not by just any master: the one that leaves stops its API server. */
async function askToLeave(cluster: K0sCluster, survivor: Host, address: string): Promise<void> {
  const { signal } = cluster.context;
  const kubectl = (argv: readonly string[], within: AbortSignal = signal) =>
    survivor.exec({ argv: [K0S, 'kubectl', ...argv], allowFailure: true, signal: within, timeoutMs: 60_000 });
  const list = await kubectl(['get', 'etcdmembers', '-o', 'json']);
  const name = list.code === 0 ? memberName(list.stdout, address) : undefined;
  if (name === undefined) return;
  const patch = ['patch', 'etcdmember', name, '--type', 'merge', '-p', '{"spec":{"leave":true}}'];
  if ((await kubectl(patch)).code !== 0) return;
  await poll<true>(
    async (within): Promise<Round<true>> => {
      const { code, stdout } = await kubectl(['get', 'etcdmember', name, '-o', 'json'], within);
      const hasLeft = code === 0 && !isJoined(stdout);
      return hasLeft ? { done: true } : {};
    },
    { timeoutMs: cluster.limits.leaveMs, signal, slowestMs: 3000 },
  );
}

async function becomes(
  cluster: K0sCluster,
  master: Host,
  address: string,
  wanted: boolean,
  timeoutMs: number,
): Promise<boolean> {
  const ended = await poll<true>(
    async (): Promise<Round<true>> =>
      (await hasEtcdMember(cluster, master, address)) === wanted ? { done: true } : {},
    { timeoutMs, signal: cluster.context.signal },
  );
  return ended !== undefined;
}

function memberName(json: string, address: string): string | undefined {
  const items = mapsOf(mapOf(parse(json)).items);
  const found = items.find((item) => {
    const peer = stringOf(mapOf(item.status).peerAddress) ?? stringOf(item.peerAddress);
    return peer === address || hostOf(peer ?? '') === address;
  });
  return stringOf(mapOf(found?.metadata).name);
}

function isJoined(json: string): boolean {
  return isTrue(mapOf(mapOf(parse(json)).status), 'Joined');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}

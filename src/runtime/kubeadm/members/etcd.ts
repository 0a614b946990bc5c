/** The cluster's etcd: its members, whether they are well, and how one leaves. */

import { SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { type Fields, listOf, mapsOf, stringOf } from '../../../kubernetes/fields.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import type { Driver } from '../driver.ts';
import { askEtcd, etcdKeys } from './etcd-client.ts';

export interface EtcdMember {
  /** Decimal, of 64 bits: a text everywhere, since a number would lose digits. */
  readonly id: string;
  /** The node's; empty while the member has not started. */
  readonly name: string;
  readonly isLearner: boolean;
  /** Of its peer URL. */
  readonly address: string;
}

/**
 * A master whose etcd works, other than these: it is who is asked.
 * @param leaving addresses
 * @throws SealerError LAST_MASTER if there is no other master, CLUSTER_UNREACHABLE if none works
 */
export async function survivor({ masters, signal }: Driver, leaving: readonly string[]): Promise<Host> {
  const others = masters.filter(({ address }) => !leaving.includes(address));
  if (others.length === 0)
    throw new SealerError('LAST_MASTER', 'no master would be left', { hint: 'Delete the cluster instead.' });
  const said: string[] = [];
  for (const host of others) {
    const silence = await isWell(host, host.address, signal).then(
      (well) => (well ? undefined : `${host.label}: its etcd is not well`),
      (error: unknown) => {
        signal.throwIfAborted();
        return error instanceof Error ? error.message : String(error);
      },
    );
    if (silence === undefined) return host;
    said.push(silence);
  }
  throw new SealerError('CLUSTER_UNREACHABLE', `no etcd works: ${said.join('; ')}`, {
    hint: 'Look at it on the masters: crictl ps -a --name etcd.',
  });
}

/** All members, as one of them sees it. */
export async function etcdMembers(via: Host, signal: AbortSignal): Promise<readonly EtcdMember[]> {
  const keys = await etcdKeys(via, signal);
  return parseMembers(
    await askEtcd(via, { keys, address: via.address, path: '/v3/cluster/member/list', body: {}, signal }),
  );
}

/** The answer of /v3/cluster/member/list. */
export function parseMembers(answer: Fields): readonly EtcdMember[] {
  return mapsOf(answer.members).map((member) => ({
    id: stringOf(member.ID) ?? '',
    name: stringOf(member.name) ?? '',
    isLearner: member.isLearner === true,
    address: addressOf(String(listOf(member.peerURLs)[0] ?? '')),
  }));
}

/** Addresses of the members that answer, and know a leader. */
export async function healthyMembers(
  via: Host,
  members: readonly EtcdMember[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const well = await Promise.all(
    members.map(({ address }) =>
      isWell(via, address, signal).catch(() => {
        signal.throwIfAborted();
        return false;
      }),
    ),
  );
  return members.filter((_, i) => well[i] === true).map(({ address }) => address);
}

/** Waits until a host's member is started, is no learner any more, and answers. @throws SealerError NODE_NOT_READY */
export async function waitForMember(
  via: Host,
  address: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  let said = 'it is no member yet';
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const members = await etcdMembers(via, within).catch((error: unknown) => {
        within.throwIfAborted();
        said = error instanceof Error ? error.message : String(error);
        return [];
      });
      const member = members.find((each) => each.address === address);
      if (member === undefined) return {};
      if (member.name === '' || member.isLearner) {
        said = member.isLearner ? 'it is a learner still' : 'it has not started';
        return {};
      }
      said = 'it does not answer';
      return (await healthyMembers(via, [member], within)).length === 1 ? { done: true } : {};
    },
    { timeoutMs, signal },
  );
  if (ended !== undefined) return;
  throw new SealerError('NODE_NOT_READY', `the etcd of ${address} is not well: ${said}`, {
    hint: `Look at it: crictl ps -a --name etcd on ${address}; then run the same command again.`,
  });
}

/** Removes the member of a host, if there is one. @returns whether there was */
export async function removeMember(via: Host, address: string, signal: AbortSignal): Promise<boolean> {
  const member = (await etcdMembers(via, signal)).find((each) => each.address === address);
  if (member === undefined) return false;
  const keys = await etcdKeys(via, signal);
  const path = '/v3/cluster/member/remove';
  await askEtcd(via, { keys, address: via.address, path, body: { ID: member.id }, signal });
  return true;
}

/** `/health` asks for a value that all have agreed on: without a leader it fails. */
async function isWell(via: Host, address: string, signal: AbortSignal): Promise<boolean> {
  const keys = await etcdKeys(via, signal);
  const { health } = await askEtcd(via, { keys, address, path: '/health', signal });
  return health === 'true' || health === true;
}

function addressOf(url: string): string {
  return (
    /^https?:\/\/(?:\[([^\]]+)\]|([^:/]+))/
      .exec(url)
      ?.slice(1)
      .find((part) => part !== undefined) ?? ''
  );
}

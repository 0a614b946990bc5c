/** The cluster's etcd, asked from inside of one of its own pods. */

import { SealerError } from '../../../error.ts';
import { listOf, mapOf, oneLine } from '../../../kubernetes/fields.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import { type Kubectl, listNodes } from '../../nodes/index.ts';
import type { NodeState } from '../../runtime.ts';

export interface EtcdMember {
  /** Hexadecimal, as `member remove` wants it. */
  readonly id: string;
  /** The node's; empty while the member has not started. */
  readonly name: string;
  readonly isStarted: boolean;
  readonly isLearner: boolean;
  /** Of its peer URL. */
  readonly address: string;
}

const PKI = '/etc/kubernetes/pki/etcd';

/** How etcdctl is called in a pod. */
export const ETCDCTL = [
  'etcdctl',
  '--endpoints=https://127.0.0.1:2379',
  `--cacert=${PKI}/ca.crt`,
  `--cert=${PKI}/server.crt`,
  `--key=${PKI}/server.key`,
] as const;

/** Runs etcdctl on a master. `via`: the name of its node. */
export async function etcdctl(
  kubectl: Kubectl,
  via: string,
  words: readonly string[],
  options: { readonly signal?: AbortSignal | undefined; readonly allowFailure?: boolean } = {},
): Promise<string> {
  const argv = ['-n', 'kube-system', 'exec', `etcd-${via}`, '-c', 'etcd', '--', ...ETCDCTL, ...words];
  const { stdout } = await kubectl(argv, options);
  return stdout;
}

/** All members, as one of them sees it. IDs are 64 bits: in JSON they would lose digits, so the plain form is read. */
export async function etcdMembers(kubectl: Kubectl, via: string, signal?: AbortSignal): Promise<readonly EtcdMember[]> {
  return parseMembers(await etcdctl(kubectl, via, ['member', 'list', '--write-out=simple'], { signal }));
}

/** `8e9e05c52164694d, started, master-1, https://10.0.0.2:2380, https://10.0.0.2:2379, false` */
export function parseMembers(text: string): readonly EtcdMember[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [id = '', status = '', name = '', peer = '', , learner = 'false'] = line
      .split(',')
      .map((part) => part.trim());
    if (!/^[0-9a-f]+$/.test(id))
      throw new SealerError('CLUSTER_API_ERROR', `etcdctl gave no list of members: ${oneLine(text, 200)}`);
    return { id, name, isStarted: status === 'started', isLearner: learner === 'true', address: addressOf(peer) };
  });
}

/** Addresses of the members that answer. */
export async function healthyMembers(kubectl: Kubectl, via: string, signal?: AbortSignal): Promise<readonly string[]> {
  const words = ['endpoint', 'health', '--cluster', '--write-out=json'];
  const text = await etcdctl(kubectl, via, words, { signal, allowFailure: true });
  return parseHealth(text);
}

/** The lines of `endpoint health -w json`; what is no JSON are its remarks about those that do not answer. */
export function parseHealth(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('[')) return [];
    const all: unknown = JSON.parse(line);
    return listOf(all)
      .map(mapOf)
      .flatMap((each) => (each.health === true ? [addressOf(String(each.endpoint ?? ''))] : []));
  });
}

/** Waits until the member of a host is started, is no learner any more, and answers. @throws SealerError NODE_NOT_READY */
export async function waitForMember(
  kubectl: Kubectl,
  via: string,
  address: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  let said = 'it is no member yet';
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const text = await etcdctl(kubectl, via, ['member', 'list', '--write-out=simple'], {
        signal: within,
        allowFailure: true,
      });
      const member = text === '' ? undefined : parseMembers(text).find((each) => each.address === address);
      if (member === undefined) return {};
      if (!member.isStarted || member.isLearner) {
        said = member.isStarted ? 'it is a learner still' : 'it has not started';
        return {};
      }
      said = 'it does not answer';
      return (await healthyMembers(kubectl, via, within)).includes(address) ? { done: true } : {};
    },
    { timeoutMs, signal },
  );
  if (ended !== undefined) return;
  throw new SealerError('NODE_NOT_READY', `the etcd of ${address} is not well: ${said}`, {
    hint: `Look at it: crictl ps -a --name etcd on ${address}; then run the same command again.`,
  });
}

/** Removes the member of a host, if there is one. @returns whether there was */
export async function removeMember(
  kubectl: Kubectl,
  via: string,
  address: string,
  signal: AbortSignal,
): Promise<boolean> {
  const member = (await etcdMembers(kubectl, via, signal)).find((each) => each.address === address);
  if (member === undefined) return false;
  await etcdctl(kubectl, via, ['member', 'remove', member.id], { signal });
  return true;
}

/** The node of a master that works, other than these addresses: whose etcd is asked. */
export async function survivor(kubectl: Kubectl, leaving: readonly string[], signal: AbortSignal): Promise<NodeState> {
  const masters = (await listNodes(kubectl, signal)).filter(
    ({ role, address }) => role === 'master' && !leaving.includes(address),
  );
  const found = masters.find(({ isReady }) => isReady) ?? masters[0];
  if (found === undefined)
    throw new SealerError('LAST_MASTER', 'no master would be left', { hint: 'Delete the cluster instead.' });
  return found;
}

function addressOf(url: string): string {
  return (
    /^https?:\/\/(?:\[([^\]]+)\]|([^:/]+))/
      .exec(url)
      ?.slice(1)
      .find((part) => part !== undefined) ?? ''
  );
}

/** How a cluster is: its nodes, its registry, its last run, who works on it. */

import type { NodeState } from '../../runtime/runtime.ts';
import { isActive } from '../../runtime/services/index.ts';
import { REGISTRY_SERVICE } from '../registry/index.ts';
import { readJournal } from '../state/journal.ts';
import { type LockHolder, readLockHolder } from '../state/lock.ts';
import type { KnownCluster } from './known-cluster.ts';

export interface ClusterStatus {
  readonly name: string;
  readonly runtime: string;
  readonly image: { readonly name: string; readonly digest: string };
  /** Of the API servers; undefined when none answers. */
  readonly version: string | undefined;
  readonly isReady: boolean;
  readonly nodes: readonly NodeState[];
  /** Hosts that are members by what the cluster remembers, and that cannot be reached. */
  readonly unreachable: readonly { readonly address: string; readonly reason: string }[];
  readonly etcdMembers: readonly string[];
  readonly registryHosts: readonly string[];
  /** Those of them whose registry does not run. */
  readonly registryDown: readonly string[];
  readonly apps: readonly string[];
  readonly lock: LockHolder | undefined;
  /** The command that broke off, if the last one did. */
  readonly unfinished: string | undefined;
  /** Why it is not ready. */
  readonly problem: string | undefined;
  readonly lastRun:
    | { readonly at: string; readonly command: string; readonly by: string; readonly failed?: string }
    | undefined;
}

/** Asks hosts and cluster; what does not answer is part of the result. */
export async function clusterStatus(known: KnownCluster): Promise<ClusterStatus> {
  const { saved, fleet, masters, nodes, runtime, home } = known;
  const unreachable = await fleet.reach([...masters, ...nodes]);
  const alive = masters.filter(({ address }) => !unreachable.includes(address));
  const [first] = alive;
  const metadata = await runtime.getClusterMetadata().then(
    (value) => ({ value, problem: undefined }),
    (error: unknown) => ({ value: undefined, problem: error instanceof Error ? error.message : String(error) }),
  );
  const journal = first === undefined ? [] : await readJournal(first, home, 200);
  const last = journal.at(-1);
  const failed = journal.findLast(({ run, event }) => run === last?.run && event === 'failed');
  const members = metadata.value?.nodes ?? [];
  const registryDown = await stoppedRegistries(known, unreachable);
  const problem = metadata.problem ?? describeProblem({ members, unreachable, registryDown });
  return {
    name: saved.name,
    runtime: saved.runtime,
    image: saved.image,
    version: metadata.value?.version,
    isReady: problem === undefined,
    nodes: members,
    unreachable: unreachable.map((address) => ({ address, reason: fleet.whyUnreachable(address)?.message ?? '' })),
    etcdMembers: metadata.value?.etcdMembers ?? [],
    registryHosts: saved.registryHosts,
    registryDown,
    apps: Object.keys(saved.launched).filter((name) => !name.startsWith('.')),
    lock: first === undefined ? undefined : await readLockHolder(first, home),
    unfinished: saved.unfinished,
    problem,
    lastRun:
      last === undefined
        ? undefined
        : {
            at: last.at,
            command: last.command,
            by: last.by,
            ...(failed === undefined ? {} : { failed: failed.step ?? '' }),
          },
  };
}

async function stoppedRegistries(
  { saved, masters }: KnownCluster,
  unreachable: readonly string[],
): Promise<readonly string[]> {
  const asked = masters.filter(
    ({ address }) => saved.registryHosts.includes(address) && !unreachable.includes(address),
  );
  const answers = await Promise.all(
    asked.map(async (host) => ({ address: host.address, runs: await isActive(host, REGISTRY_SERVICE) })),
  );
  return answers.filter(({ runs }) => !runs).map(({ address }) => address);
}

function describeProblem(seen: {
  readonly members: readonly NodeState[];
  readonly unreachable: readonly string[];
  readonly registryDown: readonly string[];
}): string | undefined {
  const { members, unreachable, registryDown } = seen;
  const notReady = members.filter(({ isReady }) => !isReady).map(({ address }) => address);
  const problems = [
    ...(members.length === 0 ? ['it has no nodes'] : []),
    ...(unreachable.length === 0 ? [] : [`no way to ${unreachable.join(', ')}`]),
    ...(notReady.length === 0 ? [] : [`not Ready: ${notReady.join(', ')}`]),
    ...(registryDown.length === 0
      ? []
      : [`the registry does not run on ${registryDown.join(', ')}: run the last command again, it starts it`]),
  ];
  return problems.length === 0 ? undefined : problems.join('; ');
}

/** Hosts that are containers of this machine: which commands mean them, how they are made, and when they go. */

import type { Clusterfile } from '../../clusterfile/index.ts';
import { SealerError } from '../../error.ts';
import type { ContainerMember, HostEngine } from '../../provider/index.ts';
import type { CliContext } from '../context.ts';
import type { ProviderFlags, RoleFlags, TargetFlags } from './host-flags.ts';
import type { OpenWorld } from './open-world.ts';

export type ContainerFlags = ProviderFlags & RoleFlags & TargetFlags;

/** Published from images/host. */
const HOST_IMAGE = 'ghcr.io/sealer/host:v1';

/** Whether hosts are containers: by `--provider`, and where nothing names a host. */
export function usesContainers(flags: ContainerFlags): boolean {
  if (flags.provider !== undefined) return flags.provider === 'container';
  if (flags.clusterHost !== undefined || flags.clusterfile !== undefined) return false;
  return [flags.masters, flags.nodes].every((text) => text === undefined || isCount(text));
}

export interface WantedHosts {
  /** The name of the cluster. */
  readonly cluster: string;
  /** Undefined: as many as there are. */
  readonly masters: number | undefined;
  readonly nodes: number | undefined;
}

/** Hosts by role, in the words of flags. */
export interface HostLists {
  readonly masters: string;
  readonly nodes: string;
}

export interface MadeHosts extends HostLists {
  /** Takes away what was made just now: for dry runs. */
  undo(): Promise<void>;
}

/**
 * Makes the hosts that are missing.
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_UNFIT, ENGINE_ERROR, HOST_TIMEOUT, IMAGE_NOT_FOUND, USAGE
 */
export async function makeHosts(
  { env }: Pick<CliContext, 'env'>,
  flags: ProviderFlags,
  { world }: Pick<OpenWorld, 'world'>,
  engine: HostEngine,
  { cluster, ...counts }: WantedHosts,
): Promise<MadeHosts> {
  const { ensureContainerHosts, removeContainerHosts } = await import('../../provider/index.ts');
  const { report, now, signal } = world;
  const image = flags.hostImage ?? (env.SEALER_HOST_IMAGE || HOST_IMAGE);
  const { wanted, made } = await ensureContainerHosts(engine, counts, { cluster, image, env, report, now, signal });
  return {
    ...listsOf(wanted),
    undo: () => removeContainerHosts(engine, cluster, made.length === wanted.length ? undefined : made),
  };
}

/**
 * Removes the containers that are hosts no longer.
 * @throws SealerError ENGINE_ERROR
 */
export async function dropHosts(engine: HostEngine, { cluster }: Clusterfile): Promise<void> {
  const { findContainerHosts, removeContainerHosts } = await import('../../provider/index.ts');
  const stays = new Set(cluster.hosts.map(({ address }) => address));
  const leaving = (await findContainerHosts(engine, cluster.name)).filter(({ address }) => !stays.has(address));
  if (leaving.length > 0) await removeContainerHosts(engine, cluster.name, leaving);
}

/**
 * The engine whose containers are the hosts of a cluster that is there.
 * @throws SealerError ENGINE_NOT_FOUND, which says how else a cluster is named; ENGINE_UNFIT
 */
export async function engineOfCluster(engine: () => Promise<HostEngine>): Promise<HostEngine> {
  return await engine().catch((error: unknown) => {
    if (!(error instanceof SealerError) || error.code !== 'ENGINE_NOT_FOUND') throw error;
    const message =
      'Which cluster is meant? Nothing names a host of it, and no container engine answers that could have it';
    throw new SealerError('ENGINE_NOT_FOUND', message, {
      hint: 'Name any of its masters (--cluster-host 10.0.0.2) or its Clusterfile (-f Clusterfile); for hosts that are containers, set DOCKER_HOST.',
      cause: error,
    });
  });
}

/**
 * The containers of a cluster that is there.
 * @param name undefined: the only one
 * @throws SealerError CLUSTER_NOT_FOUND
 */
export async function knownHosts(engine: HostEngine, name: string | undefined): Promise<HostLists & { name: string }> {
  const { containerClusters, findContainerHosts } = await import('../../provider/index.ts');
  const names = name === undefined ? await containerClusters(engine) : [name];
  const [only] = names;
  if (only === undefined || names.length > 1) {
    throw new SealerError(
      'CLUSTER_NOT_FOUND',
      only === undefined
        ? 'There is no cluster of containers on this machine'
        : `There are several clusters of containers here: ${names.join(', ')}`,
      {
        hint:
          only === undefined
            ? 'Name a master of the cluster that is meant: --cluster-host 10.0.0.2.'
            : 'Say which: --name.',
      },
    );
  }
  const members = await findContainerHosts(engine, only);
  if (members.length > 0) return { name: only, ...listsOf(members) };
  throw new SealerError('CLUSTER_NOT_FOUND', `There is no cluster ${only} of containers on this machine`, {
    hint: 'Its name is another one (--name), or its hosts are no containers: --cluster-host 10.0.0.2.',
  });
}

/**
 * Reads how many hosts are wanted.
 * @throws SealerError USAGE
 */
export function readCounts({ masters, nodes }: RoleFlags): Omit<WantedHosts, 'cluster'> {
  return { masters: countOf(masters, '--masters'), nodes: countOf(nodes, '--nodes') };
}

function countOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (isCount(text)) return Number(text);
  throw new SealerError('USAGE', `${flag} ${text}: containers have no addresses before they are made`, {
    hint: `Say how many: ${flag} 3. Hosts that have addresses are reached with --provider ssh.`,
  });
}

function isCount(text: string): boolean {
  return /^\d{1,3}$/.test(text);
}

function listsOf(members: readonly ContainerMember[]): HostLists {
  const list = (role: ContainerMember['role']) =>
    members
      .filter((member) => member.role === role)
      .map(({ address }) => address)
      .join(',');
  return { masters: list('master'), nodes: list('node') };
}

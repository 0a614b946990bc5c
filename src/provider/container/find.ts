/** The hosts of a cluster that are there: containers with its label. */

import { query } from '../../container-engine/client.ts';
import { engineError, type HostEngine } from './engine.ts';
import { ADDRESS_LABEL, CLUSTER_LABEL, type HostRole, NUMBER_LABEL, ROLE_LABEL } from './labels.ts';

/** A container that is a host. */
export interface ContainerMember {
  /** Of the container. */
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  readonly role: HostRole;
  /** Counts from 1 within its role. */
  readonly number: number;
  readonly address: string;
  readonly isRunning: boolean;
}

/**
 * Finds containers, masters first, by number.
 * @param cluster its name; undefined: of all clusters
 * @throws SealerError ENGINE_ERROR
 */
export async function findContainerHosts(
  { client }: HostEngine,
  cluster: string | undefined,
  signal?: AbortSignal,
): Promise<readonly ContainerMember[]> {
  const label = [cluster === undefined ? CLUSTER_LABEL : `${CLUSTER_LABEL}=${cluster}`];
  const path = `/containers/json${query({ all: true, filters: { label } })}`;
  const answer = await client.json({ method: 'GET', path, signal }).catch((error: unknown) => {
    throw engineError('The container engine does not list its containers', error);
  });
  const all = (Array.isArray(answer) ? answer : []).flatMap(parseMember);
  return all.sort((a, b) => a.cluster.localeCompare(b.cluster) || a.role.localeCompare(b.role) || a.number - b.number);
}

/** Names of the clusters that have containers, sorted. */
export async function containerClusters(engine: HostEngine, signal?: AbortSignal): Promise<readonly string[]> {
  const all = await findContainerHosts(engine, undefined, signal);
  return [...new Set(all.map(({ cluster }) => cluster))];
}

function parseMember(value: unknown): readonly ContainerMember[] {
  const { Id: id, Names: names, State: state, Labels: labels } = asRecord(value);
  const said = asRecord(labels);
  const { [CLUSTER_LABEL]: cluster, [ROLE_LABEL]: role, [ADDRESS_LABEL]: address } = said;
  const number = Number(said[NUMBER_LABEL]);
  const [name] = Array.isArray(names) ? names : [];
  if (typeof id !== 'string' || typeof cluster !== 'string' || typeof address !== 'string') return [];
  if ((role !== 'master' && role !== 'node') || !Number.isInteger(number)) return [];
  return [
    { id, name: String(name ?? id).replace(/^\//, ''), cluster, role, number, address, isRunning: state === 'running' },
  ];
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** As many containers as a cluster is to have hosts: what is there stays, what is missing is made. */

import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { query } from '../../container-engine/client.ts';
import { ensureImage } from '../../container-engine/image.ts';
import { SealerError } from '../../error.ts';
import { inParallel } from '../../parallel.ts';
import type { Report } from '../../progress.ts';
import { loadCredentials } from '../../registry/client/index.ts';
import { freeAddresses } from './addresses.ts';
import { awaitUp } from './await-up.ts';
import { creation, type HostPlan, labelsOf } from './creation.ts';
import { engineError, type HostEngine } from './engine.ts';
import { type ContainerMember, findContainerHosts } from './find.ts';
import { type HostRole, hostName, volumeName } from './labels.ts';
import { ensureNetwork } from './network.ts';

/** How many hosts are wanted; undefined: as many as there are, and one master where there is none. */
export interface HostCounts {
  readonly masters?: number | undefined;
  readonly nodes?: number | undefined;
}

export interface MakeHostsOptions {
  /** The cluster's name. */
  readonly cluster: string;
  /** Of the hosts; pulled unless the engine has it. */
  readonly image: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Waits until a container that was started is up. Default: asks the init system in it. */
  readonly awaitUp?: typeof awaitUp | undefined;
}

export interface MadeHosts {
  /** Those that are wanted, masters first, all of them running. */
  readonly wanted: readonly ContainerMember[];
  /** Those beyond the count: to be removed once the cluster is without them. */
  readonly surplus: readonly ContainerMember[];
  /** Those of the wanted that were made just now. */
  readonly made: readonly ContainerMember[];
}

const AT_A_TIME = 4;

/**
 * Makes, and starts, what is missing. Safe to run again after it broke off anywhere.
 * @throws SealerError ENGINE_ERROR, HOST_TIMEOUT, IMAGE_NOT_FOUND, REGISTRY_ERROR, USAGE (no master is wanted)
 */
export async function ensureContainerHosts(
  engine: HostEngine,
  counts: HostCounts,
  options: MakeHostsOptions,
): Promise<MadeHosts> {
  const { cluster, report, signal } = options;
  const there = await findContainerHosts(engine, cluster, signal);
  const of = (role: HostRole) => there.filter((member) => member.role === role);
  const masters = counts.masters ?? Math.max(1, of('master').length);
  const nodes = counts.nodes ?? of('node').length;
  if (masters < 1) throw new SealerError('USAGE', 'A cluster needs a master', { hint: 'Say --masters 1, or more.' });
  const staying = [...of('master').slice(0, masters), ...of('node').slice(0, nodes)];
  const stays = new Set(staying);
  const surplus = there.filter((member) => !stays.has(member));
  const missing = [
    ...newNumbers(of('master'), masters).map((number) => ({ role: 'master' as const, number })),
    ...newNumbers(of('node'), nodes).map((number) => ({ role: 'node' as const, number })),
  ];
  if (missing.length > 0) report({ type: 'phase', title: `Make ${missing.length} containers for ${cluster}` });
  const plans = missing.length === 0 ? [] : await planHosts(engine, missing, there, options);
  const made = await inParallel(plans, AT_A_TIME, (plan) => createHost(engine, plan, signal));
  const wanted = [...staying, ...made];
  await inParallel(
    wanted.filter(({ isRunning }) => !isRunning),
    AT_A_TIME,
    async (member) => {
      await start(engine, member, signal);
      await (options.awaitUp ?? awaitUp)(engine, member, options);
    },
  );
  const running = wanted.map((member) => ({ ...member, isRunning: true }));
  return { wanted: inOrder(running), surplus, made };
}

async function planHosts(
  engine: HostEngine,
  missing: readonly { readonly role: HostRole; readonly number: number }[],
  there: readonly ContainerMember[],
  { cluster, image, env, report, signal }: MakeHostsOptions,
): Promise<readonly HostPlan[]> {
  const { id } = await ensureImage(engine.client, image, {
    credential: async ({ registry, repository }) => (await loadCredentials(env)).lookup(registry, repository),
    onPull: () => report({ type: 'note', level: 'info', message: `The container engine pulls ${image}` }),
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof SealerError)) throw engineError(`The image ${image} cannot be had`, error);
    const hint = 'Name another image of hosts (--host-image), or load it into the engine first; images/host makes it.';
    throw new SealerError(error.code, error.message, { hint, cause: error });
  });
  const subnet = await ensureNetwork(engine, cluster, signal);
  const taken = there.map(({ address }) => address);
  const addresses = freeAddresses(subnet, taken, missing.length);
  const modules = `/lib/modules/${release()}`;
  return missing.map(({ role, number }, i) => ({
    name: hostName(cluster, role, number),
    ...{ cluster, role, number, image: id, address: addresses[i] ?? '' },
    modules: existsSync(modules) ? modules : undefined,
  }));
}

async function createHost(engine: HostEngine, plan: HostPlan, signal: AbortSignal): Promise<ContainerMember> {
  const { client, kind } = engine;
  const { name, cluster, role, number, address } = plan;
  signal.throwIfAborted();
  try {
    const volume = { Name: volumeName(name), Labels: labelsOf(plan) };
    await client.json({ method: 'POST', path: '/volumes/create', json: volume });
    const path = `/containers/create${query({ name })}`;
    const answer = await client.json({ method: 'POST', path, json: creation(plan, kind) });
    const id: unknown = Object(answer).Id;
    if (typeof id !== 'string') throw new Error('the engine gives no ID for a container');
    return { id, name, cluster, role, number, address, isRunning: false };
  } catch (error) {
    throw engineError(`The container ${name} cannot be made`, error);
  }
}

async function start({ client }: HostEngine, { id, name }: ContainerMember, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await client.bytes({ method: 'POST', path: `/containers/${id}/start`, idleMs: 120_000 }).catch((error: unknown) => {
    throw engineError(`The container ${name} cannot be started`, error);
  });
}

/** The lowest numbers that nobody has, until there are so many. */
function newNumbers(there: readonly ContainerMember[], count: number): readonly number[] {
  const used = new Set(there.map(({ number }) => number));
  const fresh: number[] = [];
  for (let number = 1; there.length + fresh.length < count; number += 1) if (!used.has(number)) fresh.push(number);
  return fresh;
}

function inOrder(members: readonly ContainerMember[]): readonly ContainerMember[] {
  return [...members].sort((a, b) => a.role.localeCompare(b.role) || a.number - b.number);
}

/** The network of a cluster's containers: a bridge of its own. */

import { isIPv4 } from 'node:net';
import { isGone } from '../../container-engine/client.ts';
import type { Subnet } from './addresses.ts';
import { engineError, type HostEngine } from './engine.ts';
import { CLUSTER_LABEL, networkName } from './labels.ts';

/**
 * Makes the network unless it is there. Its subnet is one that the engine chose, written down in the network: docker gives
 * containers addresses of their own choice only where somebody has named the subnet.
 * @throws SealerError ENGINE_ERROR
 */
export async function ensureNetwork(engine: HostEngine, cluster: string, signal?: AbortSignal): Promise<Subnet> {
  const name = networkName(cluster);
  try {
    const known = await inspect(engine, name, signal);
    if (known !== undefined) return known;
    await create(engine, name, cluster, undefined);
    const chosen = await inspect(engine, name);
    if (chosen === undefined) throw new Error(`the network ${name} has no IPv4 subnet`);
    await remove(engine, name);
    await create(engine, name, cluster, chosen);
    return chosen;
  } catch (error) {
    signal?.throwIfAborted();
    throw engineError(`The network ${name} cannot be made`, error);
  }
}

/** Removes the network, if it is there. */
export async function removeNetwork(engine: HostEngine, cluster: string): Promise<void> {
  await remove(engine, networkName(cluster));
}

async function create(
  { client }: HostEngine,
  name: string,
  cluster: string,
  subnet: Subnet | undefined,
): Promise<void> {
  const json = {
    Name: name,
    CheckDuplicate: true,
    Driver: 'bridge',
    EnableIPv6: false,
    Labels: { [CLUSTER_LABEL]: cluster },
    ...(subnet === undefined ? {} : { IPAM: { Config: [{ Subnet: subnet.cidr, Gateway: subnet.gateway }] } }),
  };
  await client.json({ method: 'POST', path: '/networks/create', json });
}

async function inspect({ client }: HostEngine, name: string, signal?: AbortSignal): Promise<Subnet | undefined> {
  const answer = await client.json({ method: 'GET', path: `/networks/${name}`, signal }).catch(absent);
  const configs = asRecord(asRecord(answer).IPAM).Config;
  for (const config of Array.isArray(configs) ? configs : []) {
    const { Subnet: cidr, Gateway: gateway } = asRecord(config);
    if (typeof cidr !== 'string' || typeof gateway !== 'string' || !isIPv4(gateway)) continue;
    return { cidr, gateway };
  }
  return undefined;
}

async function remove({ client }: HostEngine, name: string): Promise<void> {
  await client.bytes({ method: 'DELETE', path: `/networks/${name}` }).catch(absent);
}

function absent(error: unknown): undefined {
  if (isGone(error)) return undefined;
  throw error;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

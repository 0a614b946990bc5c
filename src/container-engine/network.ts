/** The network of a temporary cluster: one of its own, between it and this machine. */

import { isIPv4 } from 'node:net';
import { type EngineClient, query } from './client.ts';

/** A network that an engine made. */
export interface EngineNetwork {
  readonly name: string;
  /** This machine's address in it. */
  readonly gateway: string;
  /** An address in it that nobody has or gets. */
  readonly unused: string;
}

/**
 * Makes a network.
 * @param isInternal whether nothing leads out of it: no route, no translation of addresses
 */
export async function createNetwork(
  client: EngineClient,
  name: string,
  isInternal: boolean,
  labels: Readonly<Record<string, string>>,
): Promise<EngineNetwork> {
  const json = {
    Name: name,
    CheckDuplicate: true,
    Driver: 'bridge',
    Internal: isInternal,
    EnableIPv6: false,
    Labels: labels,
  };
  await client.json({ method: 'POST', path: '/networks/create', json });
  return parseNetwork(name, await client.json({ method: 'GET', path: `/networks/${name}` }));
}

/** Makes a volume. */
export async function createVolume(
  client: EngineClient,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await client.json({ method: 'POST', path: `/volumes/create${query({})}`, json: { Name: name, Labels: labels } });
}

/** Reads what an engine says about a network. */
export function parseNetwork(name: string, answer: unknown): EngineNetwork {
  const configs = asRecord(asRecord(answer).IPAM).Config;
  for (const config of Array.isArray(configs) ? configs : []) {
    const { Subnet: subnet, Gateway: gateway } = asRecord(config);
    if (typeof subnet !== 'string' || typeof gateway !== 'string' || !isIPv4(gateway)) continue;
    return { name, gateway, unused: lastAddress(subnet) };
  }
  throw new Error(`The engine's network ${name} has no IPv4 gateway`);
}

/**
 * The last address of a subnet before its broadcast address. Engines give addresses from the start of a subnet on, and
 * there is one container only.
 */
function lastAddress(subnet: string): string {
  const [base = '', bits = '24'] = subnet.split('/');
  const number = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const last = number + 2 ** (32 - Number(bits)) - 2;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

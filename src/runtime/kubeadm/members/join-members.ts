/** Masters one after the other, nodes many at once. */

import type { Host } from '../../../hosts/host.ts';
import { forEachHost } from '../../../hosts/index.ts';
import { listNodes } from '../../nodes/index.ts';
import type { JoinSecrets } from '../config/join-config.ts';
import type { Driver } from '../driver.ts';
import { pointEndpoint } from '../endpoint/hosts-entry.ts';
import { balancerImage, routeNode, routeNodes } from '../endpoint/route-node.ts';
import { joinCredentials } from './credentials.ts';
import { survivor, waitForMember } from './etcd.ts';
import { installKubeconfig } from './init.ts';
import { joinHost, markMember, restartProxy } from './join.ts';
import { waitForNewNode } from './wait-for-new-node.ts';

/** Nodes that join at once. */
const BATCH = 16;

const ETCD_TIMEOUT_MS = 3 * 60_000;

/** Each is Ready, its etcd a member that answers, and known to all nodes, before the next begins. */
export async function joinMasters(driver: Driver, hosts: readonly Host[]): Promise<void> {
  if (hosts.length === 0) return;
  await using credentials = lazyCredentials(driver, true);
  for (const host of hosts) {
    driver.signal.throwIfAborted();
    await joinMaster(driver, host, credentials.get);
  }
}

/** All hosts are Ready in the end. */
export async function joinNodes(driver: Driver, hosts: readonly Host[]): Promise<void> {
  if (hosts.length === 0) return;
  if (balancerImage(driver) === undefined && (await driver.settings()).endpoint.isOurs && driver.masters.length > 1) {
    driver.report({
      type: 'note',
      level: 'warning',
      message:
        'the cluster image has no haproxy: each node reaches the API at one master only, and loses it with that master',
      hint: 'Add an haproxy image to the cluster image.',
    });
  }
  await using credentials = lazyCredentials(driver, false);
  const masters = await masterAddresses(driver);
  const { signal } = driver;
  await forEachHost(hosts, (host) => joinNode(driver, host, credentials.get, masters), { limit: BATCH, signal });
}

/** Addresses of the masters that the cluster has. */
export async function masterAddresses({ kubectl, signal }: Driver): Promise<readonly string[]> {
  return (await listNodes(kubectl, signal)).filter(({ role }) => role === 'master').map(({ address }) => address);
}

/** The nodes that are members learn who the masters are now. @param leaving addresses of masters that are about to go */
export async function tellNodes(driver: Driver, leaving: readonly string[] = []): Promise<void> {
  const all = await listNodes(driver.kubectl, driver.signal);
  const of = (role: 'master' | 'node'): readonly string[] =>
    all.filter((node) => node.role === role && !leaving.includes(node.address)).map(({ address }) => address);
  const nodes = of('node');
  await routeNodes(
    driver,
    driver.nodes.filter(({ address }) => nodes.includes(address)),
    of('master'),
  );
}

async function joinMaster(driver: Driver, host: Host, secrets: () => Promise<JoinSecrets>): Promise<void> {
  const { signal } = driver;
  const { endpoint } = await driver.settings();
  const isNew = await joinHost(driver, host, 'master', secrets);
  if (endpoint.isOurs) await pointEndpoint(host, host.address, signal);
  await installKubeconfig(driver, host);
  const { name } = await waitForNewNode(driver, host.address);
  const via = await survivor(driver, [host.address]);
  await waitForMember(via, host.address, { timeoutMs: ETCD_TIMEOUT_MS, signal });
  if (isNew) await restartProxy(driver, name);
  // Nobody comes back to a host that is a member: of a run that breaks off after the mark, the nodes would never hear.
  await tellNodes(driver);
  await markMember(driver, host, 'master');
}

async function joinNode(
  driver: Driver,
  host: Host,
  secrets: () => Promise<JoinSecrets>,
  masters: readonly string[],
): Promise<void> {
  const isNew = await joinHost(driver, host, 'node', secrets);
  await routeNode(driver, host, masters);
  const { name } = await waitForNewNode(driver, host.address);
  if (isNew) await restartProxy(driver, name);
  await markMember(driver, host, 'node');
}

/** Made when the first host needs them: a run with nothing to do makes none. */
function lazyCredentials(driver: Driver, forMasters: boolean): AsyncDisposable & { get(): Promise<JoinSecrets> } {
  let made: ReturnType<typeof joinCredentials> | undefined;
  return {
    get() {
      made ??= joinCredentials(driver, forMasters);
      return made;
    },
    async [Symbol.asyncDispose]() {
      const credentials = await made?.catch(() => undefined);
      await credentials?.[Symbol.asyncDispose]();
    },
  };
}

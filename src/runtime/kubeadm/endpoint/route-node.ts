/** How a node reaches the masters, and how it learns that they are others now. */

import { SealerError } from '../../../error.ts';
import { installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { forEachHost } from '../../../hosts/index.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import { bundledImages } from '../config/bundled.ts';
import { joinHostPort } from '../config/settings.ts';
import type { Driver } from '../driver.ts';
import { COMMAND_ENV, KUBECTL, KUBELET_CONF } from '../places.ts';
import { BALANCER_MANIFEST, balancerConfig, balancerConfigPath, balancerManifest, loopbackOf } from './balancer.ts';
import { pointEndpoint } from './hosts-entry.ts';

const ANSWER_TIMEOUT_MS = 3 * 60_000;

/** The bundled haproxy, or undefined: nodes have no balancer then. */
export function balancerImage({ image }: Pick<Driver, 'image'>): string | undefined {
  return bundledImages(image, 'haproxy')[0]?.name;
}

/**
 * Gives a member its way to the masters: with a balancer if the image has one (and then waits until it answers), else straight
 * to a master that works.
 * @param masters addresses of the members that are masters
 */
export async function routeNode(driver: Driver, host: Host, masters: readonly string[]): Promise<void> {
  const { home, signal } = driver;
  const settings = await driver.settings();
  if (!settings.endpoint.isOurs) return;
  const image = balancerImage(driver);
  if (image === undefined) {
    const live = await driver.liveMaster();
    return await pointEndpoint(host, live.address, signal);
  }
  const { port } = settings.endpoint;
  const config = balancerConfig({ masters, apiPort: settings.apiPort, port });
  await host.write(balancerConfigPath(home), config, { mode: 0o644, signal });
  const manifest = { path: BALANCER_MANIFEST, mode: 0o600, content: balancerManifest(image, config, home) };
  await installFiles(host, home, [manifest], { signal });
  await waitForBalancer(driver, host, `https://${joinHostPort(loopbackOf(masters), port)}`);
  await pointEndpoint(host, loopbackOf(masters), signal);
}

/**
 * Tells all nodes that are members who the masters are; one that cannot be reached does not keep the others from it.
 * @throws SealerError HOST_UNREACHABLE, HOST_TIMEOUT, NODE_NOT_READY: who is not told now would never be
 */
export async function routeNodes(driver: Driver, nodes: readonly Host[], masters: readonly string[]): Promise<void> {
  const work = async (host: Host): Promise<void> => {
    await routeNode(driver, host, masters).catch((error: unknown) => {
      if (!(error instanceof SealerError) || !['HOST_UNREACHABLE', 'HOST_TIMEOUT'].includes(error.code)) throw error;
      throw new SealerError(error.code, `${host.label} was not told of the changed masters: ${error.message}`, {
        hint: 'Run the same command again when it is back, or without it.',
        cause: error,
      });
    });
  };
  await forEachHost(nodes, work, { limit: 16, signal: driver.signal });
}

/** Asks through the balancer as the node itself: so it is known that the kubelet will get through. */
async function waitForBalancer(driver: Driver, host: Host, server: string): Promise<void> {
  let said = '';
  const argv = [KUBECTL, `--kubeconfig=${KUBELET_CONF}`, `--server=${server}`, 'get', '--raw', '/readyz'] as const;
  const answered = await poll<true>(
    async (within): Promise<Round<true>> => {
      const { code, stderr } = await host.exec({
        argv: [...argv, '--request-timeout=5s'],
        env: COMMAND_ENV,
        signal: within,
        allowFailure: true,
      });
      said = stderr.trim();
      return code === 0 ? { done: true } : {};
    },
    { timeoutMs: ANSWER_TIMEOUT_MS, signal: driver.signal },
  );
  if (answered !== undefined) return;
  throw new SealerError(
    'NODE_NOT_READY',
    `the balancer of ${host.label} does not answer at ${server}: ${said.slice(-300)}`,
    {
      hint: 'Look at its static pod: crictl ps -a, journalctl -u kubelet.',
    },
  );
}

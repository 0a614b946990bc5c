/** The first master becomes a cluster. */

import { SealerError } from '../../../error.ts';
import { installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import { restartService, startService } from '../../services/index.ts';
import { initConfig } from '../config/init-config.ts';
import { type Driver, firstMaster } from '../driver.ts';
import { pointEndpoint } from '../endpoint/hosts-entry.ts';
import { probe } from '../kubectl.ts';
import { observeHost } from '../observe.ts';
import { ADMIN_CONF, ROOT_KUBECONFIG } from '../places.ts';
import { runKubeadm } from '../run-kubeadm.ts';
import { makeCertificateKey, makeToken } from './credentials.ts';
import { readMarker, writeMarker } from './marker.ts';
import { resetHost } from './undo.ts';
import { waitForNewNode } from './wait-for-new-node.ts';

const REVIVAL_MS = 3 * 60_000;

/**
 * Makes the cluster, unless it is there. What an interrupted run left is undone first; a cluster that is whole and does not
 * answer is started, never made anew.
 * @throws SealerError CLUSTER_EXISTS, CLUSTER_UNREACHABLE, COMMAND_FAILED, NODE_NOT_READY
 */
export async function initCluster(driver: Driver): Promise<void> {
  const { home, signal } = driver;
  const host = firstMaster(driver);
  const { apiPort, endpoint } = await driver.settings();
  const [marker, state] = await Promise.all([readMarker(host, home, signal), observeHost(driver, host, apiPort)]);
  if (marker?.phase === 'member') {
    if (endpoint.isOurs) await pointEndpoint(host, host.address, signal);
    if (state.member !== 'master') await revive(driver, host, apiPort);
    return await installKubeconfig(driver, host);
  }
  if (marker === undefined && state.member !== 'absent') {
    throw new SealerError('CLUSTER_EXISTS', `${host.label} is a member of a cluster that we did not make`, {
      hint: 'Run `kubeadm reset` on it if that cluster is not wanted any more, or take another host.',
    });
  }
  if (marker?.phase === 'joining') await resetHost(driver, host);
  if (marker?.phase !== 'joined') {
    await writeMarker(host, home, { role: 'master', phase: 'joining' }, signal);
    if (endpoint.isOurs) await pointEndpoint(host, host.address, signal);
    await runInit(driver, host);
    await writeMarker(host, home, { role: 'master', phase: 'joined' }, signal);
  }
  await installKubeconfig(driver, host);
  await waitForNewNode(driver, host.address);
  await writeMarker(host, home, { role: 'master', phase: 'member' }, signal);
}

/** The administrator of a master finds the cluster without being told. */
export async function installKubeconfig({ home, signal }: Driver, host: Host): Promise<void> {
  const file = { path: ROOT_KUBECONFIG, mode: 0o600, content: { copyOf: ADMIN_CONF } };
  await installFiles(host, home, [file], { signal });
}

async function runInit(driver: Driver, host: Host): Promise<void> {
  const { home, image, signal } = driver;
  const settings = await driver.settings();
  const secrets = { token: makeToken(), certificateKey: makeCertificateKey() };
  const path = `${home}/kubeadm.yaml`;
  const text = initConfig(
    settings,
    image.kubeVersion,
    { address: host.address, nodeName: driver.nodeName(host) },
    secrets,
  );
  await host.write(path, text, { mode: 0o600, signal });
  const quiet = ['--upload-certs', '--skip-token-print', '--skip-certificate-key-print'];
  const words = ['init', `--config=${path}`, ...quiet, ...ignoring(settings.ignoredChecks)];
  try {
    await runKubeadm(driver, host, words, { secrets: Object.values(secrets) });
  } finally {
    // The cluster keeps its configuration itself; here it would keep secrets.
    await host.exec({ argv: ['rm', '-f', path], allowFailure: true }).catch(() => {});
  }
}

/** kubeadm's flag for checks that are not to stop it. */
export function ignoring(checks: readonly string[]): readonly string[] {
  return checks.length === 0 ? [] : [`--ignore-preflight-errors=${checks.join(',')}`];
}

/** Starts what should run, and waits for the API of this master. */
async function revive({ signal }: Driver, host: Host, apiPort: number): Promise<void> {
  await startService(host, 'containerd', { signal });
  await restartService(host, 'kubelet', { signal });
  let said = '';
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const silence = await probe(host, apiPort, within);
      said = silence ?? '';
      return silence === undefined ? { done: true } : {};
    },
    { timeoutMs: REVIVAL_MS, signal },
  );
  if (ended !== undefined) return;
  throw new SealerError('CLUSTER_UNREACHABLE', `the API of ${host.label} does not answer: ${said}`, {
    hint: 'Look at its static pods (crictl ps -a) and the log of its kubelet (journalctl -u kubelet).',
  });
}

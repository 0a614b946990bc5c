/**
 * Names in the API server's certificate. kubeadm makes the certificate anew only where there is none, and its `renew` keeps the
 * old names: so the old one is moved aside (kubernetes.io, kubeadm-certs; facts of cmd/kubeadm/app/phases/certs).
 */

import { X509Certificate } from 'node:crypto';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { type Fields, listOf, mapOf } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { lacking, namesIn, servedNames } from '../certificates/index.ts';
import { mergeDocuments } from './config/merge.ts';
import type { Driver } from './driver.ts';
import { probe } from './kubectl.ts';
import { readClusterConfig, uploadClusterConfig, withClusterConfig } from './members/cluster-config.ts';
import { masterAddresses } from './members/join-members.ts';
import { API_CERTIFICATE, PKI } from './places.ts';
import { runKubeadm } from './run-kubeadm.ts';

const RELOAD_MS = 3000;
const RESTART_TIMEOUT_MS = 3 * 60_000;

/**
 * Makes certificates with these names as well on all masters, one at a time; those that have them stay. Then the cluster's
 * configuration has them, so that masters to come do as well.
 * @throws SealerError CLUSTER_UNREACHABLE if a master's API does not come back with its new certificate
 */
export async function addNames(driver: Driver, sans: readonly string[]): Promise<void> {
  const now = await readClusterConfig(driver);
  const cluster = mergeDocuments(now, { apiServer: { certSANs: sans } });
  const members = await masterAddresses(driver);
  for (const host of driver.masters.filter(({ address }) => members.includes(address))) {
    driver.signal.throwIfAborted();
    await addNamesOn(driver, host, cluster, sans);
  }
  const known = new Set(listOf(mapOf(now.apiServer).certSANs));
  if (sans.every((name) => known.has(name))) return;
  await uploadClusterConfig(driver, await driver.liveMaster(), cluster);
}

/** The names and addresses that a master's certificate is for; empty if there is none. */
export async function certificateNames(host: Host, signal: AbortSignal): Promise<readonly string[]> {
  const pem = await host.readText(API_CERTIFICATE, { signal });
  return pem === undefined ? [] : namesIn(new X509Certificate(pem).subjectAltName ?? '');
}

async function addNamesOn(driver: Driver, host: Host, cluster: Fields, sans: readonly string[]): Promise<void> {
  const { signal, home } = driver;
  const { apiPort } = await driver.settings();
  if (lacking(await certificateNames(host, signal), sans).length > 0) {
    await withClusterConfig(driver, host, cluster, async (path) => {
      await host.exec({ argv: ['sh', '-c', SET_ASIDE, 'sealer', PKI, `${home}/certificates`], signal });
      try {
        await runKubeadm(driver, host, ['init', 'phase', 'certs', 'apiserver', `--config=${path}`]);
      } catch (error) {
        await host.exec({ argv: ['sh', '-c', PUT_BACK, 'sealer', PKI, `${home}/certificates`], allowFailure: true });
        throw error;
      }
    });
  }
  // From 1.22 on it sees by itself that its files are others.
  if (await isServedWithin(host, sans, apiPort, RELOAD_MS, signal)) return;
  await restartApiServer(host, signal);
  await waitUntilServed(driver, host, sans, apiPort);
}

const SET_ASIDE =
  'set -e; mkdir -p -m 700 "$2"; for end in crt key; do test ! -e "$1/apiserver.$end" || mv "$1/apiserver.$end" "$2/"; done';
const PUT_BACK = 'for end in crt key; do test -e "$1/apiserver.$end" || mv "$2/apiserver.$end" "$1/"; done';

/**
 * Its kubelet starts it again at once. It is given a few seconds for what it works on, not the minute that it would wait for
 * watches to end. Only the one that runs from our manifest is meant: it names the file of its certificate. */
const RESTART = `
for process in /proc/[0-9]*; do
  test "$(cat "$process/comm" 2>/dev/null)" = kube-apiserver || continue
  tr '\\0' '\\n' < "$process/cmdline" | grep -qxF -e "--tls-cert-file=$1" || continue
  kill -TERM "\${process#/proc/}"
  for second in 1 2 3 4 5; do test ! -e "$process" || sleep 1; done
  kill -KILL "\${process#/proc/}" 2>/dev/null
done
exit 0
`;

async function restartApiServer(host: Host, signal: AbortSignal): Promise<void> {
  await host.exec({ argv: ['sh', '-c', RESTART, 'sealer', API_CERTIFICATE], signal });
}

async function isServedWithin(
  host: Host,
  sans: readonly string[],
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const ended = await poll<true>(
    async (): Promise<Round<true>> => {
      const served = await servedNames(host, host.address, port, signal).catch(() => []);
      return lacking(served, sans).length === 0 ? { done: true } : {};
    },
    { timeoutMs, signal },
  );
  return ended !== undefined;
}

async function waitUntilServed(driver: Driver, host: Host, sans: readonly string[], port: number): Promise<void> {
  let said = '';
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const missing = await servedNames(host, host.address, port, driver.signal).then(
        (names) => lacking(names, sans),
        (error: unknown) => [String(error)],
      );
      if (missing.length > 0) {
        said = `its certificate lacks ${missing.join(', ')}`;
        return {};
      }
      const silence = await probe(host, port, within);
      said = silence ?? '';
      return silence === undefined ? { done: true } : {};
    },
    { timeoutMs: RESTART_TIMEOUT_MS, signal: driver.signal },
  );
  if (ended !== undefined) return;
  throw new SealerError(
    'CLUSTER_UNREACHABLE',
    `the API of ${host.label} did not come back with its new certificate: ${said}`,
    {
      hint: `Look at it: crictl ps -a --name kube-apiserver on ${host.address}; then run the same command again.`,
    },
  );
}

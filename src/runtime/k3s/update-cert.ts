/** More names in the API server's certificate. */

import { SealerError } from '../../error.ts';
import { installFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { lacking, servedNames } from '../certificates/index.ts';
import { startService } from '../services/index.ts';
import { type K3sCluster, say } from './cluster.ts';
import { renderConfig, textsOf } from './config.ts';
import { readConfig } from './config-files.ts';
import { CONFIG_FILE, K3S } from './paths.ts';
import { waitUntilUp } from './wait-until-up.ts';
import { stopK3s } from './wipe.ts';

/** How long a restarted server may take to show its new certificate, in milliseconds. */
const SHOWN_MS = 15_000;

/**
 * Puts names into the config of every server and restarts those, one at a time, whose config changed or whose
 * certificate lacks one; each has to show all of them before the next one's turn.
 * @throws SealerError COMMAND_FAILED naming the server and what its certificate lacks
 */
export async function updateServerCert(cluster: K3sCluster, sans: readonly string[]): Promise<void> {
  const { context, dataDir } = cluster;
  const { home, signal } = context;
  for (const host of cluster.masters()) {
    const config = await readConfig(host, signal);
    if (config === undefined) continue;
    const next = { ...config, 'tls-san': textsOf(config['tls-san'], sans) };
    const file = { path: CONFIG_FILE, mode: 0o600, content: renderConfig(next) };
    const changed = await installFiles(host, home, [file], { signal });
    const isLacking = (await missing(cluster, host, sans)).length > 0;
    if (changed.length === 0 && !isLacking) continue;
    if (isLacking) await forgetCertificate(cluster);
    await restartWith(cluster, host, isLacking ? ['rm', '-f', `${dataDir}/server/tls/dynamic-cert.json`] : ['true']);
    if (await shows(cluster, host, sans)) continue;
    say(cluster, `${host.label}: its certificates are made anew`);
    await restartWith(cluster, host, [K3S, 'certificate', 'rotate']);
    if (await shows(cluster, host, sans)) continue;
    const names = (await missing(cluster, host, sans)).join(', ');
    throw new SealerError('COMMAND_FAILED', `the certificate of the API server on ${host.label} lacks ${names}`, {
      hint: `Look at /etc/rancher/k3s/config.yaml and \`journalctl -u k3s\` on ${host.address}.`,
    });
  }
}

/**
 * All servers show one certificate, which lies in a secret. 1.21 adds a new name to its own copy at its start, and then takes
 * the secret's, which lacks it: so the secret goes while the API still answers. The next k3s to start writes it anew.
 */
async function forgetCertificate({ kubectl, context }: K3sCluster): Promise<void> {
  const argv = ['delete', 'secret', '--namespace', 'kube-system', 'k3s-serving', '--ignore-not-found'];
  await kubectl(argv, { signal: context.signal });
}

/** @param command what to do while it is stopped; not all releases know all commands */
async function restartWith(cluster: K3sCluster, host: Host, command: readonly [string, ...string[]]): Promise<void> {
  const { signal } = cluster.context;
  say(cluster, `${host.label}: restarting k3s`);
  await stopK3s(cluster, host);
  await host.exec({ argv: command, signal, allowFailure: true });
  await startService(host, 'k3s', { isDetached: true, signal });
  await waitUntilUp(cluster, host, 'server');
}

async function shows(cluster: K3sCluster, host: Host, sans: readonly string[]): Promise<boolean> {
  const { signal } = cluster.context;
  const ended = await poll(
    async (): Promise<Round<true>> => ((await missing(cluster, host, sans)).length === 0 ? { done: true } : {}),
    {
      timeoutMs: SHOWN_MS,
      signal,
    },
  );
  return ended !== undefined;
}

async function missing(cluster: K3sCluster, host: Host, sans: readonly string[]): Promise<readonly string[]> {
  const { port, context } = cluster;
  const there = await servedNames(host, '127.0.0.1', port, context.signal).catch((error: unknown) => {
    context.signal.throwIfAborted();
    if (error instanceof SealerError && error.code !== 'HOST_UNREACHABLE') throw error;
    return [];
  });
  return lacking(there, sans);
}

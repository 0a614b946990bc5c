/** More names for the API servers: k0s issues its certificates anew at every start (k0s: pkg/certificate/manager.go). */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { lacking, servedNames } from '../certificates/index.ts';
import { restartService } from '../services/index.ts';
import { waitForController } from './bring-up.ts';
import { type K0sCluster, say } from './cluster.ts';
import { configSources, writeConfig } from './config-file.ts';
import { API_PORT, CONTROLLER } from './paths.ts';

const SERVED_MS = 60_000;

/** One controller at a time; who serves all names already is not restarted. */
export async function updateCert(cluster: K0sCluster, sans: readonly string[]): Promise<void> {
  const { context } = cluster;
  for (const host of context.masters) {
    context.signal.throwIfAborted();
    const sources = await configSources(cluster, context.image, host, context.masters);
    await writeConfig(cluster, host, sources, sans);
    if ((await missingSans(host, sans, context.signal)).length === 0) continue;
    say(cluster, `the API server on ${host.label} gets a new certificate`);
    await restartService(host, CONTROLLER, { signal: context.signal, isDetached: true });
    await waitForController(cluster, host);
    await checkServed(host, sans, context.signal);
  }
}

async function checkServed(host: Host, sans: readonly string[], signal: AbortSignal): Promise<void> {
  let missing: readonly string[] = sans;
  const ended = await poll<true>(
    async (): Promise<Round<true>> => {
      missing = await missingSans(host, sans, signal);
      return missing.length === 0 ? { done: true } : {};
    },
    { timeoutMs: SERVED_MS, signal },
  );
  if (ended !== undefined) return;
  throw new SealerError(
    'STEP_FAILED',
    `the certificate that ${host.label} serves is not for ${missing.join(', ')} after k0s was restarted`,
    { hint: 'Look at the log of k0scontroller on it; if spec.api.ca is your own, its key has to lie beside it.' },
  );
}

/** All of them where nothing answers. */
async function missingSans(host: Host, sans: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  try {
    return lacking(await servedNames(host, host.address, API_PORT, signal), sans);
  } catch {
    signal.throwIfAborted();
    return sans;
  }
}

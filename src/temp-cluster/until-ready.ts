/** From a container that starts Kubernetes to a cluster that takes work. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineClient } from '../container-engine/client.ts';
import { inspectContainer, lastLines, readSmallFile, waitForExit } from '../container-engine/container.ts';
import { SealerError } from '../error.ts';
import { type ClusterAccess, KubernetesClient, parseKubeconfig, waitForCluster } from '../kubernetes/index.ts';
import type { Report } from '../progress.ts';
import { KUBECONFIG_FILE } from './node/config-files.ts';

export interface ReadyOptions {
  readonly engine: EngineClient;
  /** The container's ID. */
  readonly container: string;
  /** The network's name. */
  readonly network: string;
  readonly scratch: string;
  readonly startTimeoutMs: number;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** How to reach a cluster. */
export interface Reached {
  /** The path of a kubeconfig. */
  readonly kubeconfig: string;
  readonly access: ClusterAccess;
}

/** As the exit of a node is told: enough to see why. */
const LOG_LINES = 20;
/** How long an engine may take to tell that a container has ended. */
const TOLD_MS = 5000;
/** Between two looks for the kubeconfig; it appears some seconds after the start. */
const POLL_MS = 200;

/**
 * Waits until the cluster is ready. The end of its container ends the waiting at once.
 * @throws SealerError CLUSTER_NOT_READY with the last lines of the node's log
 */
export async function untilReady(options: ReadyOptions): Promise<Reached> {
  const { engine, container } = options;
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  const exited = waitForExit(engine, container, signal).then((code) => {
    throw new SealerError('CLUSTER_NOT_READY', `Kubernetes in the container ended with exit code ${code}`);
  });
  try {
    return await Promise.race([exited, reach({ ...options, signal })]);
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = error instanceof SealerError ? error : await endOf(exited, error);
    throw why instanceof SealerError && why.code === 'CLUSTER_NOT_READY' ? await withLog(why, options) : why;
  } finally {
    over.abort();
    exited.catch(() => {});
  }
}

/** An engine that is asked for a file of a container that ends at that moment fails in words of its own: the end is the reason. */
async function endOf(exited: Promise<never>, error: unknown): Promise<unknown> {
  return await Promise.race([exited.catch((end: unknown) => end), sleep(TOLD_MS, error, { ref: false })]);
}

async function reach(options: ReadyOptions & { readonly signal: AbortSignal }): Promise<Reached> {
  const { scratch, startTimeoutMs, report, signal } = options;
  const end = performance.now() + startTimeoutMs;
  const { text, access } = await untilKubeconfig(options, end);
  const kubeconfig = join(scratch, 'kubeconfig');
  await writeFile(kubeconfig, text, { mode: 0o600 });
  await using client = new KubernetesClient(access, { signal });
  await waitForCluster(client, { timeoutMs: Math.max(0, end - performance.now()), signal, report });
  return { kubeconfig, access };
}

async function untilKubeconfig(
  { engine, container, network, startTimeoutMs, signal }: ReadyOptions & { readonly signal: AbortSignal },
  end: number,
): Promise<{ text: string; access: ClusterAccess }> {
  for (;;) {
    const found = await readSmallFile(engine, container, KUBECONFIG_FILE);
    const { address } = await inspectContainer(engine, container, network);
    const text = found === undefined || address === undefined ? undefined : atAddress(found, address);
    const access = text === undefined ? undefined : tryParse(text);
    if (text !== undefined && access !== undefined) return { text, access };
    if (performance.now() > end) {
      const seconds = Math.round(startTimeoutMs / 1000);
      throw new SealerError('CLUSTER_NOT_READY', `Kubernetes in the container wrote no kubeconfig within ${seconds} s`);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** k3s writes the address that its own container has for it; from outside it is the container's. */
function atAddress(kubeconfig: string, address: string): string {
  return kubeconfig.replace(
    /^(\s*(?:- )?server:\s*)\S+?(:\d+)?\s*$/m,
    (_all, key, port) => `${key}https://${address}${port ?? ':6443'}`,
  );
}

/** A file that is just being written is none yet. */
function tryParse(text: string): ClusterAccess | undefined {
  try {
    return parseKubeconfig(text);
  } catch {
    return undefined;
  }
}

async function withLog(error: SealerError, { engine, container }: ReadyOptions): Promise<SealerError> {
  const lines = await lastLines(engine, container, LOG_LINES).catch(() => []);
  const log = lines.length === 0 ? '' : `; its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  const hint = error.hint ?? 'Give it more time or memory, or another image.';
  return new SealerError(error.code, `${error.message}${log}`, { hint, cause: error.cause, problems: error.problems });
}

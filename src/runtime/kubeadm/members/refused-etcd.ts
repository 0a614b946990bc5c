/**
 * A new master's etcd that its kubelet refused. kubeadm of 1.20 asks for ephemeral storage for it, and a kubelet that began in the same
 * moment does not know yet that it has any: the pod counts as failed, is never tried again, and with a member of two that never comes,
 * etcd has no quorum. A kubelet that is started again takes it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../../hosts/host.ts';
import { restartService, serviceLog } from '../../services/index.ts';
import type { Driver } from '../driver.ts';

const EVERY_MS = 10_000;

/** Does the work, and starts the kubelet of the host again, once, if it refuses etcd meanwhile. */
export async function withEtcdAdmitted<T>(
  driver: Pick<Driver, 'signal' | 'report'>,
  host: Host,
  work: () => Promise<T>,
  everyMs = EVERY_MS,
): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([driver.signal, over.signal]);
  // Whatever happens to the watch, the work says how it ended.
  const watching = watch(driver, host, everyMs, signal).catch(() => {});
  try {
    return await work();
  } finally {
    over.abort();
    await watching;
  }
}

/** Whether a kubelet says that it did not take etcd's pod. */
export function refusesEtcd(log: string): boolean {
  return /Failed to admit pod etcd-\S+ - Unexpected error/.test(log);
}

async function watch(
  { report }: Pick<Driver, 'report'>,
  host: Host,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  do await sleep(everyMs, undefined, { signal });
  while (!refusesEtcd(await serviceLog(host, 'kubelet', 400, { signal })));
  signal.throwIfAborted();
  const message = `the kubelet of ${host.label} was not ready for etcd when it came: it is started again`;
  report({ type: 'note', level: 'info', message });
  await restartService(host, 'kubelet', { signal });
}

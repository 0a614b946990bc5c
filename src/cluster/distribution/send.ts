/** The runner sends items to a host itself: to the first registry host, and to hosts that cannot fetch. */

import type { Host } from '../../hosts/host.ts';
import { shortDigest } from '../../oci/digest.ts';
import { inParallel } from '../../parallel.ts';
import type { Report } from '../../progress.ts';
import type { Item } from './item.ts';

export interface SendOptions {
  /** The cluster's folder on the host. */
  readonly home: string;
  /** Uploads at a time over the one connection. */
  readonly uploads: number;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends items.
 * @returns bytes that crossed the link
 * @throws SealerError DIGEST_MISMATCH, HOST_DISK_FULL, HOST_UNREACHABLE, and what reading the store throws
 */
export async function sendItems(host: Host, items: readonly Item[], options: SendOptions): Promise<number> {
  const sent = await inParallel(items, options.uploads, (item) => sendItem(host, item, options));
  return sent.reduce((sum, bytes) => sum + bytes, 0);
}

async function sendItem(host: Host, item: Item, { home, report, signal }: SendOptions): Promise<number> {
  signal?.throwIfAborted();
  const id = taskOf(host, item);
  report({ type: 'start', id, label: labelOf(host, item), unit: 'bytes', total: item.size });
  try {
    const { sent } = await host.upload(`${home}/${item.place}`, item, {
      mode: 0o644,
      signal,
      onBytes: (delta) => report({ type: 'advance', id, delta }),
    });
    report({ type: 'end', id, outcome: sent === 0 && item.size > 0 ? 'exists' : 'done', moved: sent });
    return sent;
  } catch (error) {
    report({ type: 'end', id, outcome: signal?.aborted === true ? 'cancelled' : 'failed' });
    throw error;
  }
}

/** The id of a task in progress events. */
export function taskOf(host: Host, item: Item): string {
  return `${host.address} ${item.digest}`;
}

/** What people read: `10.0.0.2 rootfs 0123456789ab`. */
export function labelOf(host: Host, { kind, digest }: Item): string {
  return `${host.label} ${kind} ${shortDigest(digest)}`;
}

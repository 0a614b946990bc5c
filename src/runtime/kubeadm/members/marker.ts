/** A note on each host of how far it came: half a member is made anew, a whole one never is. */

import type { Host } from '../../../hosts/host.ts';
import { mapOf } from '../../../kubernetes/fields.ts';

export interface Marker {
  readonly role: 'master' | 'node';
  /** `joining`: begun by us and not finished. */
  readonly phase: 'joining' | 'member';
}

/** What stands on the host; undefined if we never began anything there. */
export async function readMarker(host: Host, home: string, signal: AbortSignal): Promise<Marker | undefined> {
  const text = await host.readText(pathOf(home), { signal });
  if (text === undefined) return undefined;
  try {
    const { role, phase } = mapOf(JSON.parse(text));
    if ((role === 'master' || role === 'node') && (phase === 'joining' || phase === 'member')) return { role, phase };
  } catch {
    // Written in one rename, so this is not ours; a member is never taken for half of one.
  }
  return { role: 'node', phase: 'member' };
}

/** Writes it down before, and after, what it tells of. */
export async function writeMarker(host: Host, home: string, marker: Marker, signal: AbortSignal): Promise<void> {
  await host.write(pathOf(home), `${JSON.stringify(marker)}\n`, { mode: 0o600, signal });
}

function pathOf(home: string): string {
  return `${home}/kubeadm.json`;
}

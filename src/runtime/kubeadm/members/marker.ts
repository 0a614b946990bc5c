/** A note on each host of how far it came: half a member is made anew, a whole one never is. */

import type { Host } from '../../../hosts/host.ts';
import { mapOf } from '../../../kubernetes/fields.ts';

export interface Marker {
  readonly role: 'master' | 'node';
  /** `joining`: kubeadm was begun by us and has not come to its end. `joined`: it has, and what comes after it has not. */
  readonly phase: 'joining' | 'joined' | 'member';
}

const PHASES: readonly unknown[] = ['joining', 'joined', 'member'] satisfies readonly Marker['phase'][];

/** What stands on the host; undefined if we never began anything there. */
export async function readMarker(host: Host, home: string, signal: AbortSignal): Promise<Marker | undefined> {
  const text = await host.readText(pathOf(home), { signal });
  if (text === undefined) return undefined;
  try {
    const { role, phase } = mapOf(JSON.parse(text));
    if ((role === 'master' || role === 'node') && isPhase(phase)) return { role, phase };
  } catch {
    // Written in one rename, so this is not ours; a member is never taken for half of one.
  }
  return { role: 'node', phase: 'member' };
}

/** Writes it down before, and after, what it tells of. */
export async function writeMarker(host: Host, home: string, marker: Marker, signal: AbortSignal): Promise<void> {
  await host.write(pathOf(home), `${JSON.stringify(marker)}\n`, { mode: 0o600, signal });
}

function isPhase(value: unknown): value is Marker['phase'] {
  return PHASES.includes(value);
}

function pathOf(home: string): string {
  return `${home}/kubeadm.json`;
}

/** Removes what sessions of dead processes left: those whose watchdog was killed too, or that a power cut ended. */

import type { EngineClient } from '../../container-engine/client.ts';
import { isAbandoned, OWNER_LABEL, SESSION_LABEL } from './labels.ts';
import { removeLabelled } from './remove.ts';
import { list } from './resources.ts';

const SWEEP_MS = 60_000;

/** Sweeps an engine. @returns the ids of the sessions that were removed */
export async function sweepSessions(client: EngineClient): Promise<readonly string[]> {
  const dead = new Set<string>();
  for (const { labels, createdMs } of await list(client, SESSION_LABEL)) {
    const id = labels[SESSION_LABEL];
    if (id !== undefined && isAbandoned(labels[OWNER_LABEL] ?? '', createdMs)) dead.add(id);
  }
  await Promise.all([...dead].map((id) => removeLabelled(client, `${SESSION_LABEL}=${id}`, { timeoutMs: SWEEP_MS })));
  return [...dead];
}

/** Removes all that carries a session's label. The watchdog and the good end both do it by this. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineClient, EngineError, query } from '../../container-engine/client.ts';
import { list, type Resource } from './resources.ts';

export interface RemoveOptions {
  /** Go on looking for so long after nothing was left: a creation may have been on its way. Milliseconds, default 0. */
  readonly lingerMs?: number;
  /** Give up after so long, milliseconds. */
  readonly timeoutMs: number;
  /** Give up earlier when the engine itself does not answer for so long, milliseconds. */
  readonly silenceMs?: number;
}

/** Between two rounds, milliseconds. */
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** A container that the kernel does not let go of. */
const REMOVAL_MS = 120_000;

/**
 * Removes containers (by force, with their volumes), then volumes and networks, again and again until none is left: an
 * engine refuses what is just being started or removed.
 * @param label `key=value`
 * @returns what is still there when time is up; undefined when the engine does not say
 */
export async function removeLabelled(
  client: EngineClient,
  label: string,
  { lingerMs = 0, timeoutMs, silenceMs = timeoutMs }: RemoveOptions,
): Promise<readonly Resource[] | undefined> {
  const end = Date.now() + timeoutMs;
  let answeredAt = Date.now();
  let emptySince: number | undefined;
  for (let round = 0; ; round++) {
    const left = await removeOnce(client, label);
    const now = Date.now();
    if (left?.length === 0) {
      emptySince ??= now;
      if (now - emptySince >= lingerMs) return [];
    } else emptySince = undefined;
    if (left !== undefined) answeredAt = now;
    if (now >= end || now - answeredAt >= silenceMs) return left;
    // The first look after a removal needs no pause: usually nothing is left.
    if (left === undefined || round > 0 || left.length === 0) {
      await sleep(Math.min(PAUSE_MS * 1.5 ** round, LONGEST_PAUSE_MS));
    }
  }
}

/** One round. @returns what it found, undefined when the engine does not answer */
async function removeOnce(client: EngineClient, label: string): Promise<readonly Resource[] | undefined> {
  try {
    const found = await list(client, label);
    await Promise.all(found.filter(({ kind }) => kind === 'container').map((each) => remove(client, each)));
    await Promise.all(found.filter(({ kind }) => kind !== 'container').map((each) => remove(client, each)));
    return found;
  } catch {
    return undefined;
  }
}

async function remove(client: EngineClient, { kind, id }: Resource): Promise<void> {
  const path = {
    container: `/containers/${id}${query({ force: true, v: true })}`,
    volume: `/volumes/${id}${query({ force: true })}`,
    network: `/networks/${id}`,
  }[kind];
  try {
    await client.bytes({ method: 'DELETE', path, idleMs: REMOVAL_MS });
  } catch (error) {
    // Gone already, or not yet to be removed: the next round sees.
    if (!(error instanceof EngineError)) throw error;
  }
}

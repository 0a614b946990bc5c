/** What of a process's temporary clusters is still in the engine. */

import { setTimeout as sleep } from 'node:timers/promises';
import { EngineClient } from '../../../src/container-engine/client.ts';
import { OWNER_LABEL, SESSION_LABEL } from '../../../src/temp-cluster/session/labels.ts';
import { list } from '../../../src/temp-cluster/session/resources.ts';
import type { LabEngine } from '../../lab/engine.ts';

/** A client for the lab's engine. */
export function clientOf(engine: LabEngine): EngineClient {
  return new EngineClient({ socketPath: new URL(engine.env.DOCKER_HOST).pathname });
}

/** `container <id>` and the like, of all sessions of a process. Other tests use the same engine. */
export async function leftOf(engine: LabEngine, pid: number): Promise<readonly string[]> {
  const all = await list(clientOf(engine), SESSION_LABEL);
  return all.filter(({ labels }) => labels[OWNER_LABEL]?.startsWith(`${pid}-`)).map(({ kind, id }) => `${kind} ${id}`);
}

/** Waits until nothing is left, and fails with what is. */
export async function untilNothingIsLeft(engine: LabEngine, pid: number, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const left = await leftOf(engine, pid);
    if (left.length === 0) return;
    if (Date.now() > end) throw new Error(`Still there after ${timeoutMs} ms: ${left.join(', ')}`);
    await sleep(100);
  }
}

/** Waits until a process has a container that runs. @returns its id */
export async function untilContainer(engine: LabEngine, pid: number, timeoutMs = 60_000): Promise<string> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    const found = (await leftOf(engine, pid)).find((each) => each.startsWith('container '));
    const id = found?.split(' ')[1];
    if (id !== undefined && (await engine.podman('inspect', '--format', '{{.State.Running}}', id)).trim() === 'true') {
      return id;
    }
    await sleep(50);
  }
  throw new Error(`No container within ${timeoutMs} ms`);
}

/** That a process of this machine has ended. */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Somebody who was killed gets to it when the machine lets him. */
const PATIENCE_MS = 20_000;

/**
 * Waits until a process is gone, or has ended and was not waited for yet. One that was killed closes its files before it
 * counts as ended, so that whoever reads its output may be here first.
 * @throws if it lives on
 */
export async function untilEnded(pid: string | number): Promise<void> {
  if (!/^[1-9]\d*$/.test(String(pid))) throw new Error(`${JSON.stringify(pid)} is no process`);
  const deadline = Date.now() + PATIENCE_MS;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`The process ${pid} lives`);
    await sleep(10);
  }
}

function isAlive(pid: string | number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

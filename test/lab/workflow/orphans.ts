/** What a job left running is ended with it: the runner knows its processes by a variable that they inherit. */

import { readdirSync, readFileSync } from 'node:fs';

/** Kills every process of this machine that has `RUNNER_TRACKING_ID` with this value. */
export function killTracked(tracking: string): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    if (environmentOf(pid).includes(`RUNNER_TRACKING_ID=${tracking}\0`)) end(Number(pid));
  }
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return ''; // gone by now, or somebody else's
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** Runs pieces of a test in processes of their own. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts `child-work.ts` with a task and its arguments. */
export function startChild(task: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL('./child-work.ts', import.meta.url)), [task, ...args]);
}

/** Runs a task to its end, which must be a good one. */
export async function runChild(task: string, ...args: string[]): Promise<void> {
  const [code, signal] = await once(startChild(task, ...args), 'exit');
  if (code !== 0) throw new Error(`The child "${task}" ended with ${signal ?? code}`);
}

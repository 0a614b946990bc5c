/** Runs pieces of a test in processes of their own. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Starts `child-work.ts` with a task and its arguments. It does not outlive the test. */
export function startChild(t: TestContext, task: string, ...args: string[]): ChildProcess {
  const child = fork(fileURLToPath(new URL('./child-work.ts', import.meta.url)), [task, ...args]);
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/** Runs a task to its end, which must be a good one. */
export async function runChild(t: TestContext, task: string, ...args: string[]): Promise<void> {
  const [code, signal] = await once(startChild(t, task, ...args), 'exit');
  if (code !== 0) throw new Error(`The child "${task}" ended with ${signal ?? code}`);
}

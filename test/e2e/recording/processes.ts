/** The processes of this machine: who belongs to whom, and whether it still lives. Linux. */

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process, told from a later one with the same number by its start. */
export interface LivingProcess {
  readonly pid: number;
  /** Clock ticks since the machine started. */
  readonly start: string;
  readonly command: string;
}

/** Undefined for one that is gone; one that only waits to be reaped is gone too. */
export async function livingProcess(pid: number): Promise<LivingProcess | undefined> {
  // proc_pid_stat(5): the second field is in brackets and may hold anything; the state is the first behind it.
  const stat = await textOf(`/proc/${pid}/stat`);
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = fields[18];
  if (start === undefined || state === 'Z') return undefined;
  return { pid, start, command: (await textOf(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ').trim() };
}

/** A process and all that it has started, directly or not; those that have left it for init are not among them. */
export async function processTree(pid: number): Promise<readonly LivingProcess[]> {
  const self = await livingProcess(pid);
  if (self === undefined) return [];
  const children = await textOf(`/proc/${pid}/task/${pid}/children`);
  const trees = await Promise.all(
    children
      .split(' ')
      .filter(Boolean)
      .map((each) => processTree(Number(each))),
  );
  return [self, ...trees.flat()];
}

/** Waits until none of them lives, and fails with those that do. */
export async function untilEnded(processes: readonly LivingProcess[], timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const now = await Promise.all(processes.map(({ pid }) => livingProcess(pid)));
    const alive = processes.filter(({ start }, i) => now[i]?.start === start);
    if (alive.length === 0) return;
    if (Date.now() > end) {
      throw new Error(`Still alive: ${alive.map(({ pid, command }) => `${pid} ${command}`).join(', ')}`);
    }
    await sleep(10);
  }
}

/** Waits until a process has taken every signal that was sent to it: of two of a kind, the kernel keeps but one waiting. */
export async function untilSignalsTaken(pid: number): Promise<void> {
  const isPending = async () => /^(?:Sig|Shd)Pnd:\s*0*[1-9a-f]/m.test(await textOf(`/proc/${pid}/status`));
  while (await isPending()) await sleep(1);
}

async function textOf(path: string): Promise<string> {
  // Both are what reading about a process gives that ends meanwhile.
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  });
}

/** How commands become root's on a host. */

import { setTimeout as sleep } from 'node:timers/promises';
import { sudoFailed } from './command-failed.ts';
import type { Elevation } from './launcher.ts';
import type { Link } from './link.ts';

interface Answer {
  readonly code: number | undefined;
  readonly said: string;
}

const ANSWER_MS = 30_000;
const MAX_SAID = 8 * 1024;

/**
 * Finds out whether sudo is needed and how it wants to be asked: without a password, else with the one that was given.
 * @throws SealerError SUDO_FAILED with what sudo says, HOST_UNREACHABLE
 */
export async function findElevation(link: Link): Promise<Elevation> {
  if (link.user === 'root') return 'none';
  const id = await ask(link, ['id', '-u']);
  if (id.code === 0 && id.said.trim() === '0') return 'none';
  // The same kind of command that is run later: sudoers may allow some and refuse others.
  const free = await ask(link, ['sudo', '-k', '-n', '--', 'sh', '-c', ':']);
  if (free.code === 0) return 'sudo';
  if (link.sudoPassword === undefined) throw sudoFailed(link.label, link.user, free.said);
  const argv = ['sudo', '-k', '-S', '-p', '', '--', 'sh', '-c', ':'] as const;
  const asked = await ask(link, argv, `${link.sudoPassword}\n`);
  if (asked.code === 0) return 'sudo-with-password';
  throw sudoFailed(link.label, link.user, asked.said.replaceAll(link.sudoPassword, '***'));
}

async function ask(link: Link, argv: readonly [string, ...string[]], stdin?: string): Promise<Answer> {
  const started = await link.start(argv, {});
  let said = '';
  for (const output of [started.stdout, started.stderr]) {
    output.on('data', (chunk: Buffer) => {
      if (said.length < MAX_SAID) said += chunk.toString();
    });
  }
  started.stdin.on('error', () => {});
  started.stdin.end(stdin);
  const timer = new AbortController();
  const isLate = sleep(ANSWER_MS, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
  try {
    const end = await Promise.race([started.exited, isLate]);
    if (end === 'late') return { code: undefined, said: 'it does not answer' };
    await Promise.race([started.closed, isLate]);
    return { code: end.code, said };
  } finally {
    timer.abort();
    started.close();
  }
}

/** git as on a machine where nobody has set anything: no signatures, hooks, templates, and no repository that it is told of. */

import { execFileSync } from 'node:child_process';

const WHO = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main'];

/** Variables under which git reads no settings of this machine and of its user. */
export const NO_SETTINGS = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' } as const;

/** Runs git in a folder and gives what it printed. Fails with what it said on standard error. */
export function gitIn(folder: string, ...args: readonly string[]): string {
  const env = { PATH: process.env.PATH, ...NO_SETTINGS };
  return execFileSync('git', [...WHO, ...args], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
}

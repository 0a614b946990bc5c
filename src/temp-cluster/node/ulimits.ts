/** Limits of the container, within what this machine allows: nobody can give more than he has. */

import { readFile } from 'node:fs/promises';

/** As testcontainers takes them. */
export type Ulimits = Record<string, { readonly hard: number; readonly soft: number }>;

/** Enough for any cluster; what containerd's unit asks for. */
const ENOUGH = 1_048_576;

/**
 * The limits to ask for. Engines have defaults of their own, which podman refuses to start with where they are above
 * those of its own process; and its own it lowers to as many processes as there can be.
 */
export async function containerUlimits(): Promise<Ulimits> {
  const [limits, most] = await Promise.all(
    ['/proc/self/limits', '/proc/sys/kernel/pid_max'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  return parseLimits(limits ?? '', Number(most));
}

/**
 * Reads proc_pid_limits(5). A limit that is not set is not asked for.
 * @param pidMax proc_sys_kernel(5) `pid_max`; 0 = unknown
 */
export function parseLimits(text: string, pidMax = 0): Ulimits {
  const limits: Ulimits = {};
  for (const [name, title, most] of [
    ['nofile', 'Max open files', ENOUGH],
    ['nproc', 'Max processes', pidMax > 0 ? Math.min(pidMax, ENOUGH) : ENOUGH],
  ] as const) {
    const hard = new RegExp(`^${title}\\s+\\S+\\s+(\\d+)\\s`, 'm').exec(text)?.[1];
    if (hard === undefined) continue;
    const value = Math.min(Number(hard), most);
    limits[name] = { hard: value, soft: value };
  }
  return limits;
}

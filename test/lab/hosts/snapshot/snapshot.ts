/** What a host is made of, before and after: proves that whoever was there has put everything back. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHost } from '../host.ts';

/** A value for each thing, by its kind and name (`file /etc/hosts`, `port tcp 0.0.0.0:22`). */
export type Snapshot = ReadonlyMap<string, string>;

/**
 * Looks at files (owner, mode, content), links, addresses, routes, packet filters, units, mounts, ports, settings of the kernel that
 * are the host's own, processes and control groups. What changes by itself is left out: logs, caches, /run, /tmp.
 */
export async function snapshotHost(host: Pick<LabHost, 'exec' | 'name'>): Promise<Snapshot> {
  const program = await readFile(join(import.meta.dirname, 'look'), 'utf8');
  const { stdout } = await host.exec(['sh', '-s'], { input: program });
  const things = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [kind, name, value] = line.split('\t');
    if (kind !== undefined && name !== undefined && value !== undefined) things.set(`${kind} ${name.trim()}`, value);
  }
  if (things.size < 100) throw new Error(`what ${host.name} tells about itself is incomplete:\n${stdout}`);
  return things;
}

/** What differs, a line each, the parents of what is new or gone first; nothing if all is as it was. */
export function compareSnapshots(before: Snapshot, after: Snapshot): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    if (was === undefined) return [`${name}: new (${is})`];
    return [is === undefined ? `${name}: gone (${was})` : `${name}: was ${was}, is ${is}`];
  });
}

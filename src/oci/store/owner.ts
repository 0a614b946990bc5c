/**
 * Which process a temporary file belongs to, and whether that process still lives. The name of the file says it, so that
 * nothing has to be cleaned up after a kill -9: a file whose owner is dead is free for whoever finds it.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** Stands for a file that its owner gave up in good order. */
export const NOBODY = 'none';

/** A file of another PID namespace (a container on the same disk) is taken for alive until it is this old. */
const FOREIGN_AGE_MS = 24 * 60 * 60 * 1000;

let self: string | undefined;

/**
 * This process: `<pid>-<start>-<pid namespace>`. The start (clock ticks since boot, proc_pid_stat(5) field 22) tells a
 * process from a later one with the same number. Where there is no /proc, start and namespace are 0.
 */
export function ownOwner(): string {
  self ??= `${process.pid}-${startOf(process.pid) ?? '0'}-${pidNamespace()}`;
  return self;
}

/** A name for a new temporary file of this process: `<key>.<owner>.<random>`. `key` must have no dot. */
export function ownedName(key: string, owner: string = ownOwner()): string {
  return `${key}.${owner}.${randomBytes(6).toString('hex')}`;
}

/** The parts of such a name, or `undefined` for a file of another kind. */
export function parseOwnedName(name: string): { readonly key: string; readonly owner: string } | undefined {
  const [key, owner, random, ...rest] = name.split('.');
  if (key === undefined || owner === undefined || random === undefined || rest.length > 0) return undefined;
  return { key, owner };
}

/**
 * Whether the owner of a file lives.
 * @param mtimeMs the file's time: all there is to go by for a process that cannot be seen from here
 */
export function isAlive(owner: string, mtimeMs: number): boolean {
  const [pid, start, namespace] = owner.split('-');
  if (pid === undefined || start === undefined || namespace === undefined || !/^\d+$/.test(pid)) return false;
  if (namespace !== pidNamespace()) return Date.now() - mtimeMs < FOREIGN_AGE_MS;
  return start === '0' ? answersSignals(Number(pid)) : startOf(Number(pid)) === start;
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 2, the command, is in parentheses and may hold blanks and parentheses itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

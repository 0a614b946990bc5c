/**
 * A session: everything in an engine that belongs to one temporary cluster. Labels say which one, and which process it
 * belongs to, so that whoever finds it later can tell whether it still has an owner.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAlive, ownOwner } from '../../oci/store/owner.ts';

/** Value: the session's id. */
export const SESSION_LABEL = 'sealer.temp-cluster';
/** Value: `<pid>-<start>-<pid namespace>.<boot id>`. */
export const OWNER_LABEL = 'sealer.temp-cluster.owner';

/** A new session's id: 12 hexadecimal digits. */
export function newSessionId(): string {
  return randomBytes(6).toString('hex');
}

/** The labels of everything that this process creates for a session. */
export function sessionLabels(id: string): Readonly<Record<string, string>> {
  return { [SESSION_LABEL]: id, [OWNER_LABEL]: `${ownOwner()}.${bootId()}` };
}

/**
 * Whether the process that a session belongs to is gone.
 * @param createdMs when the thing that has the label was made, milliseconds since 1970
 */
export function isAbandoned(owner: string, createdMs: number): boolean {
  const [process = '', boot = ''] = owner.split('.');
  // After a restart of the machine another process may have the same number and start.
  return boot !== bootId() || !isAlive(process, createdMs);
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return 'unknown';
  }
}

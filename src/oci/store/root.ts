/** Where the store of a user is. */

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The folder of the store: `SEALER_HOME`, else `sealer` in the XDG data folder (XDG Base Directory Specification 0.8).
 * @returns an absolute path; nothing is made
 */
export function storeRoot(env: NodeJS.ProcessEnv): string {
  if (env.SEALER_HOME) return resolve(env.SEALER_HOME);
  // The specification: relative paths in XDG_DATA_HOME are invalid and to be ignored.
  if (env.XDG_DATA_HOME?.startsWith('/')) return join(env.XDG_DATA_HOME, 'sealer');
  return join(env.HOME || homedir(), '.local', 'share', 'sealer');
}

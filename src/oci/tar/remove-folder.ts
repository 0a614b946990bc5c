/** Removes folders that do not want to be removed. */

import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { isSystemError } from '../../error.ts';

/** Removes a folder with all it holds, also as their owner without root when folders have no permissions. */
export function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true });
  } catch (error) {
    if (!isSystemError(error, 'EACCES', 'EPERM')) throw error;
    unlock(folder);
    rmSync(folder, { recursive: true });
  }
}

function unlock(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) unlock(`${folder}/${entry.name}`);
  }
}

/** Password files as Apache's htpasswd writes them. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './tools.ts';

/** Writes an htpasswd file (bcrypt, the only kind that docker-registry takes) into a folder, and gives its path. */
export async function writeHtpasswd(folder: string, user: string, password: string): Promise<string> {
  const file = join(folder, 'htpasswd');
  await writeFile(file, await runTool('htpasswd', ['-Bbn', user, password]));
  return file;
}

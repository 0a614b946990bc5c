/** The administrator's kubeconfig as a file of this machine. */

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes it for nobody else to read; a file that is there is replaced as a whole. */
export async function writeKubeconfig(file: string, kubeconfig: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, kubeconfig, { mode: 0o600 });
  await rename(draft, file);
}

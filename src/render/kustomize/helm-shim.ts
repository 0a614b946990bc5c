/**
 * helm as kustomize calls it. kustomize 5.7 asks for the version with a flag of helm 3 that helm 4 no longer has, and
 * takes nothing but version 3; all else it asks for is the same in both.
 */

import { chmod, writeFile } from 'node:fs/promises';

/** @param file is written */
export async function writeHelmShim(file: string, helm: string): Promise<void> {
  const quoted = `'${helm.replaceAll("'", "'\\''")}'`;
  await writeFile(file, `#!/bin/sh\nif [ "$1" = version ]; then echo v3.99.0; exit 0; fi\nexec ${quoted} "$@"\n`);
  await chmod(file, 0o755);
}

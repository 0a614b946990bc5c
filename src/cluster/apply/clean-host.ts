/** Leaves a host as it was before it was given to a cluster. */

import type { Host } from '../../hosts/host.ts';
import { removeHostNames, restoreFootprint } from '../../hosts/index.ts';
import { hostnameBefore } from '../plugins/index.ts';
import { removeRegistry } from '../registry/index.ts';
import { ALIASES } from './host-names.ts';

/**
 * Undoes what is left once the runtime has been reset. What is gone already does not matter.
 * @throws what hosts throw
 */
export async function cleanHost(host: Host, home: string, signal?: AbortSignal): Promise<void> {
  await removeRegistry(host, home, { signal });
  for (const purpose of [ALIASES, 'registry']) await removeHostNames(host, purpose, { signal });
  const putBackHostname = await hostnameBefore(host, home, signal);
  await restoreFootprint(host, home, { signal });
  await putBackHostname();
  await host.exec({ argv: ['sh', '-c', REMOVE_HOME, 'sealer', home], signal });
  // The data root goes with its last cluster; a folder that is not empty stays.
  await host.exec({ argv: ['rmdir', parentOf(home)], allowFailure: true, signal });
}

/**
 * The folder goes under its name at once: whoever holds the lock in it has it to the end, and whoever waits for the lock finds no
 * folder that is half there, and makes one of its own. What is mounted below stays, and is said. busybox's rm knows no
 * `--one-file-system`, and not each of its finds `-delete`.
 */
const REMOVE_HOME = `
remove() {
  test -e "$1" || return 0
  find "$1" -xdev ! -type d -exec rm -f {} + && find "$1" -xdev -depth -type d -exec rmdir {} +
}
gone=\${1%/*}/.\${1##*/}.removed
remove "$gone" || exit 1
# Unless it is a mount itself.
test ! -e "$1" || mv "$1" "$gone" 2>/dev/null || gone=$1
remove "$gone"
`;

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Output that nobody may see: it goes through a file that only root can read, since hosts' logs keep what commands print. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import type { K0sCluster } from './cluster.ts';
import { ownFolder } from './paths.ts';

const CAPTURE = 'umask 077 && mkdir -p "$1" && file=$1/$2 && shift 2 && exec "$@" >"$file"';

/** What a command prints. @param name of the file meanwhile @throws SealerError COMMAND_FAILED */
export async function captureSecret(
  { context: { home, signal } }: K0sCluster,
  host: Host,
  name: string,
  argv: readonly string[],
): Promise<string> {
  const folder = ownFolder(home);
  const path = `${folder}/${name}`;
  try {
    await host.exec({ argv: ['sh', '-c', CAPTURE, 'sealer', folder, name, ...argv], signal });
    const text = await host.readText(path, { signal });
    if (text !== undefined) return text;
  } finally {
    await host.exec({ argv: ['rm', '-f', path], allowFailure: true }).catch(() => {});
  }
  throw new SealerError('COMMAND_FAILED', `${argv.slice(0, 3).join(' ')} on ${host.label} printed nothing`);
}

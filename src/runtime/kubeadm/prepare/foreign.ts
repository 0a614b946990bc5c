/** Hosts that have a container runtime or a kubelet of their own. */

import { SealerError } from '../../../error.ts';
import { installedFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';

/** Where distributions and the makers' own packages put services. */
const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/usr/local/lib/systemd/system',
];
const NAMES = ['containerd', 'docker', 'kubelet', 'crio', 'cri-docker'];

const CANDIDATES = [
  ...UNIT_FOLDERS.flatMap((folder) => NAMES.map((name) => `${folder}/${name}.service`)),
  ...NAMES.map((name) => `/etc/init.d/${name}`),
];

const PROGRAM = 'for path in "$@"; do test ! -e "$path" || echo "$path"; done';

/**
 * Passes if nobody else runs containers on a host: two runtimes share sockets, firewall rules and CNI's folders, and a
 * reset could not tell whose things are whose.
 * @throws SealerError HOST_UNFIT, which names the services
 */
export async function refuseForeignRuntime(host: Host, home: string, signal: AbortSignal): Promise<void> {
  const [{ stdout }, own] = await Promise.all([
    host.exec({ argv: ['sh', '-c', PROGRAM, 'sealer', ...CANDIDATES], signal }),
    installedFiles(host, home, { signal }),
  ]);
  const foreign = stdout.split('\n').filter((path) => path !== '' && !own.includes(path));
  if (foreign.length === 0) return;
  throw new SealerError(
    'HOST_UNFIT',
    `${host.label} has a container runtime or kubelet of its own: ${foreign.join(', ')}`,
    {
      hint: 'Remove its package (containerd, docker, cri-o, kubelet), or use another host.',
    },
  );
}

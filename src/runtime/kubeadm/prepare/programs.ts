/** Programs of the rootfs on their way to where they run. */

import { SealerError } from '../../../error.ts';
import { type FootprintFile, installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { CNI_PROGRAMS, LIBRARIES, PROGRAMS } from '../places.ts';

/** Folders of the rootfs, and where their files go. */
const TARGETS: Readonly<Record<string, string>> = {
  bin: PROGRAMS,
  'cri/bin': PROGRAMS,
  'cri/lib': LIBRARIES,
  'cni/bin': CNI_PROGRAMS,
};

/** The registry runs from the rootfs. */
const LEFT_OUT: ReadonlySet<string> = new Set(['bin/registry']);

const NEEDED = ['bin/kubeadm', 'bin/kubelet', 'bin/kubectl', 'cri/bin/containerd', 'cri/bin/ctr'];

const LIST =
  'cd "$1" && for folder in bin cri/bin cri/lib cni/bin; do test ! -d "$folder" || find "$folder" ! -type d; done';

/** Prints what differs: pairs of a source and a target. */
const COMPARE = 'while test $# -gt 1; do cmp -s "$1" "$2" || echo "$2"; shift 2; done';

/**
 * All programs of a rootfs as files to install.
 * @throws SealerError IMAGE_UNFIT if one is missing that a host cannot do without
 */
export async function programsOf(host: Host, rootfs: string, signal: AbortSignal): Promise<readonly FootprintFile[]> {
  const { stdout } = await host.exec({ argv: ['sh', '-c', LIST, 'sealer', rootfs], signal });
  const paths = stdout.split('\n').filter((path) => path !== '' && !LEFT_OUT.has(path));
  const missing = NEEDED.filter((path) => !paths.includes(path));
  if (missing.length > 0) {
    throw new SealerError('IMAGE_UNFIT', `the cluster image has no ${missing.join(', ')} (${host.label}: ${rootfs})`, {
      hint: 'Build it from a base image for kubeadm, or copy these programs into its rootfs.',
    });
  }
  return paths.toSorted().map((path) => {
    const slash = path.lastIndexOf('/');
    const folder = TARGETS[path.slice(0, slash)] ?? `${TARGETS[rootOf(path)]}${path.slice(rootOf(path).length, slash)}`;
    return { path: `${folder}/${path.slice(slash + 1)}`, mode: 0o755, content: { copyOf: `${rootfs}/${path}` } };
  });
}

/** Those of the programs that are not on the host, or are others. */
export async function differing(
  host: Host,
  programs: readonly FootprintFile[],
  signal: AbortSignal,
): Promise<readonly FootprintFile[]> {
  const pairs = programs.flatMap(({ path, content }) => [sourceOf(content), path]);
  const { stdout } = await host.exec({ argv: ['sh', '-c', COMPARE, 'sealer', ...pairs], signal });
  const changed = new Set(stdout.split('\n'));
  return programs.filter(({ path }) => changed.has(path));
}

/** Installs programs. @returns the paths that changed */
export function installPrograms(
  host: Host,
  home: string,
  programs: readonly FootprintFile[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  return installFiles(host, home, programs, { signal });
}

function rootOf(path: string): string {
  return Object.keys(TARGETS).find((folder) => path.startsWith(`${folder}/`)) ?? 'bin';
}

function sourceOf(content: FootprintFile['content']): string {
  return typeof content === 'object' && 'copyOf' in content ? content.copyOf : '';
}

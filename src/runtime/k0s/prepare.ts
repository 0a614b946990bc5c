/** What a host needs before k0s can be installed on it: the program, the mirrors, and images to import. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { type FootprintFile, installedFiles, installFiles, removeFiles } from '../../hosts/index.ts';
import { inParallel } from '../../parallel.ts';
import type { RuntimeImage } from '../runtime.ts';
import { initOf } from '../services/index.ts';
import { HOSTS_AT_A_TIME, type K0sCluster } from './cluster.ts';
import { containerdFiles, staleSettings } from './containerd-files.ts';
import { observeHost } from './observe.ts';
import { IMAGES_FOLDER, K0S } from './paths.ts';
import { noteBefore } from './reset.ts';

/** Hosts that run k0s of another version keep it: exchanging the program is an upgrade. */
export async function prepare(cluster: K0sCluster, hosts: readonly Host[]): Promise<void> {
  const { image, signal } = cluster.context;
  await inParallel(hosts, HOSTS_AT_A_TIME, async (host) => {
    await initOf(host);
    const { member, version } = await observeHost(host, signal);
    if (member !== 'absent' && version !== undefined && version !== image.kubeVersion) return;
    await noteBefore(cluster, host);
    await installImages(cluster, host, image);
    await installProgram(cluster, host, image);
  });
}

/** The program and what its version wants containerd's settings to look like; a process that runs is not touched. */
export async function installProgram(
  { context: { home, registry, signal } }: K0sCluster,
  host: Host,
  image: RuntimeImage,
): Promise<void> {
  const program = `${image.rootfs}/bin/k0s`;
  const there = await host.exec({ argv: ['test', '-f', program], allowFailure: true, signal });
  if (there.code !== 0) {
    throw new SealerError('IMAGE_UNFIT', `${image.name} has no bin/k0s (looked for on ${host.label})`, {
      hint: 'A cluster image for k0s brings its program: COPY k0s bin/k0s.',
    });
  }
  await removeFiles(host, home, [staleSettings(image.kubeVersion)], { signal });
  const files: FootprintFile[] = [{ path: K0S, mode: 0o755, content: { copyOf: program } }];
  await installFiles(host, home, [...files, ...containerdFiles(image.kubeVersion, registry)], { signal });
}

/**
 * Archives of the image become links in k0s's folder, which a worker imports from; those of another version go. Every
 * host runs a worker. What an archive lacks is pulled from the cluster's registry.
 */
export async function installImages(
  { context: { home, signal } }: K0sCluster,
  host: Host,
  image: RuntimeImage,
): Promise<void> {
  const folder = `${image.rootfs}/images`;
  const { stdout } = await host.exec({
    argv: [
      'sh',
      '-c',
      'cd "$1" 2>/dev/null || exit 0; for each in *; do test ! -f "$each" || echo "$each"; done',
      'sealer',
      folder,
    ],
    signal,
  });
  const names = stdout.split('\n').filter((name) => name !== '');
  const files = names.map(
    (name): FootprintFile => ({
      path: `${IMAGES_FOLDER}/${name}`,
      mode: 0o777,
      content: { linkTo: `${folder}/${name}` },
    }),
  );
  const wanted = new Set(files.map(({ path }) => path));
  const stale = (await installedFiles(host, home)).filter(
    (path) => path.startsWith(`${IMAGES_FOLDER}/`) && !wanted.has(path),
  );
  if (stale.length > 0) await removeFiles(host, home, stale, { signal });
  if (files.length > 0) await installFiles(host, home, files, { signal });
}

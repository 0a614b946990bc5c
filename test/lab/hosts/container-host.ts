/** The image of hosts for provider CONTAINER: the lab's, with the first program of ours, as images/host has it. */

import { join } from 'node:path';
import { PROJECT } from '../cli.ts';
import type { LabEngine } from '../engine.ts';
import { labHostImage } from './host-image.ts';
import { labStandIns } from './stand-ins.ts';

/**
 * Makes it in the engine; disposing removes it.
 * @param options.standIns with the programs that the stand-ins of k3s and k0s need
 */
export async function containerHostImage(
  { podman }: LabEngine,
  { standIns = false }: { readonly standIns?: boolean } = {},
): Promise<AsyncDisposable & { readonly name: string }> {
  const name = `localhost/sealer-lab/container-host:${process.pid}`;
  const id = (await podman('create', await labHostImage())).trim();
  try {
    await podman('cp', join(PROJECT, 'images', 'host', 'init'), `${id}:/opt/lab/sealer-init`);
    for (const mount of standIns ? await labStandIns() : []) {
      const [from = '', to = ''] = mount.split(':');
      await podman('cp', from, `${id}:${to}`);
    }
    await podman('commit', '-q', '--change', 'CMD ["/opt/lab/sealer-init"]', id, name);
  } finally {
    await podman('rm', '--force', id);
  }
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      await podman('rmi', '--force', name);
    },
  };
}

/** Makes a host ready to be a member: programs, container runtime, services, kernel, mirrors, first images. */

import type { Host } from '../../../hosts/host.ts';
import { forEachHost } from '../../../hosts/index.ts';
import { installService } from '../../services/index.ts';
import { rememberBefore } from '../clean/before.ts';
import { type Driver, etcdFolder } from '../driver.ts';
import { mirrorHost } from '../mirror.ts';
import { CONTAINERD, PROGRAMS } from '../places.ts';
import { prepareContainerd } from './containerd.ts';
import { refuseForeignRuntime } from './foreign.ts';
import { isContainer } from './is-container.ts';
import { prepareKernel } from './kernel.ts';
import { KUBELET_SERVICE } from './kubelet.ts';
import { preloadImages } from './preload.ts';
import { installPrograms, programsOf } from './programs.ts';

/** Hosts at once. */
const LIMIT = 16;

/** Prepares hosts; on one that is prepared nothing is written and nothing restarted. */
export async function prepareHosts(driver: Driver, hosts: readonly Host[]): Promise<void> {
  await driver.settings();
  await forEachHost(hosts, (host) => prepareHost(driver, host), { limit: LIMIT, signal: driver.signal });
}

async function prepareHost(driver: Driver, host: Host): Promise<void> {
  const { home, image, signal, report } = driver;
  const id = `prepare ${host.address}`;
  report({ type: 'start', id, label: `${host.label}: programs and container runtime`, unit: 'items' });
  try {
    await rememberBefore(host, home, etcdFolder(await driver.settings()), signal);
    await refuseForeignRuntime(host, home, signal);
    const programs = await programsOf(host, image.rootfs, signal);
    const changed = await installPrograms(host, home, programs, signal);
    await startRuntime(driver, host, changed);
    await installService(host, home, KUBELET_SERVICE, { signal });
    await mirrorHost(host, driver);
    await preloadImages(host, driver, image.rootfs);
    report({ type: 'end', id, outcome: 'done' });
  } catch (error) {
    report({ type: 'end', id, outcome: signal.aborted ? 'cancelled' : 'failed' });
    throw error;
  }
}

/**
 * The kernel's and containerd's settings, and containerd running with them.
 * @param changed programs that were replaced just now
 */
export async function startRuntime(driver: Driver, host: Host, changed: readonly string[]): Promise<void> {
  const settings = await driver.settings();
  await prepareKernel(host, driver, settings.proxy.mode === 'ipvs');
  await prepareContainerd(host, driver, {
    usesSystemdCgroup: settings.cgroupDriver === 'systemd',
    pauseImage: settings.pauseImage,
    isContainer: await isContainer(host, driver.signal),
    isChanged: changed.some((path) => path === CONTAINERD || path.startsWith(`${PROGRAMS}/containerd-shim`)),
  });
}

/**
 * What happens to machines. Reboot, power cut and shutdown are the host's own `reboot`, `kill`, `stop`. A clock of its own
 * is beyond a container: tests give the clock that a skew is measured against instead.
 */

import { runTool } from '../tools.ts';
import type { LabHost } from './host.ts';

/** Pulls a host's network cable (the first): nothing gets in or out, nobody is told. */
export async function cut(host: LabHost): Promise<void> {
  await runTool('ip', ['link', 'set', await cableOf(host), 'down']);
}

/** Puts the cable back. */
export async function heal(host: LabHost): Promise<void> {
  await runTool('ip', ['link', 'set', await cableOf(host), 'up']);
}

/**
 * Puts a folder on a disk of its own with little space, and what was in it away until that is disposed.
 * @param size in bytes
 */
export async function fillDisk(host: LabHost, folder: string, size: number): Promise<AsyncDisposable> {
  await host.exec(['mkdir', '-p', folder]);
  await host.exec(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'small-disk', folder]);
  return {
    [Symbol.asyncDispose]: async () => {
      await host.exec(['umount', '--lazy', folder]);
    },
  };
}

/** The end of the host's cable on this machine; it is another one after each start. */
async function cableOf(host: LabHost): Promise<string> {
  const index = (await host.exec(['cat', '/sys/class/net/eth0/iflink'])).stdout.trim();
  const links = JSON.parse(await runTool('ip', ['-json', 'link', 'show'])) as { ifindex: number; ifname: string }[];
  const cable = links.find(({ ifindex }) => ifindex === Number(index))?.ifname;
  if (cable === undefined) throw new Error(`no cable of ${host.name} on this machine`);
  return cable;
}

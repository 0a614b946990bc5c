/** HOSTNAME: hosts get names, which their nodes will have as well. */

import { canonicalAddress } from '../../clusterfile/index.ts';
import type { Host } from '../../hosts/host.ts';
import { installedFiles, installFiles } from '../../hosts/index.ts';
import type { PluginCall, PluginHost } from './context.ts';
import { type HostnameLine, readHostnames } from './data-lines.ts';
import { pluginInvalid } from './failure.ts';

/** The kernel's file works with every init system; what hosts read at their next start is /etc/hostname. */
const FILE = '/etc/hostname';
const SET = 'test "$(cat /proc/sys/kernel/hostname)" = "$1" || printf %s "$1" >/proc/sys/kernel/hostname';

export async function setHostname(call: PluginCall, { host }: PluginHost): Promise<readonly string[]> {
  const { context, signal } = call;
  const line = hostnames(call).find(({ address }) => canonicalAddress(address) === canonicalAddress(host.address));
  if (line === undefined) return [];
  const file = { path: FILE, mode: 0o644, content: `${line.name}\n` };
  await installFiles(host, context.home, [file], { signal });
  await host.exec({ argv: ['sh', '-c', SET, 'sealer', line.name], signal });
  return [`${host.label} is ${line.name}`];
}

/**
 * To be asked before the footprint of a host is put back, and called after it: gives the host the name again that it had
 * before a plugin gave it one.
 */
export async function hostnameBefore(host: Host, home: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  const files = await installedFiles(host, home, { signal });
  if (!files.includes(FILE)) return async () => {};
  return async () => {
    const name = (await host.readText(FILE, { signal }))?.trim() ?? '';
    if (name !== '') await host.exec({ argv: ['sh', '-c', SET, 'sealer', name], signal });
  };
}

function hostnames(call: PluginCall): readonly HostnameLine[] {
  return readHostnames(call.spec.data).map((line) => {
    if ('mistake' in line) throw pluginInvalid(call, line.mistake, line.hint);
    return line;
  });
}

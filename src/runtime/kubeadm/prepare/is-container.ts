/** Whether a host is a container itself: much of the kernel is not its own then. */

import type { Host } from '../../../hosts/host.ts';

const PROGRAM =
  'test -e /run/.containerenv || test -e /.dockerenv || tr "\\0" "\\n" </proc/1/environ 2>/dev/null | grep -q ^container=';

/** Asks the marks that podman, docker and systemd-nspawn leave. */
export async function isContainer(host: Host, signal?: AbortSignal): Promise<boolean> {
  const { code } = await host.exec({ argv: ['sh', '-c', PROGRAM], signal, allowFailure: true });
  return code === 0;
}

/** What one host is, from what lies and runs on it. */

import type { Host } from '../../hosts/host.ts';
import type { HostState, RuntimeContext } from '../runtime.ts';
import { isActive } from '../services/index.ts';
import { probe } from './kubectl.ts';
import { readMarker } from './members/marker.ts';
import { ADMIN_CONF, COMMAND_ENV, KUBELET, KUBELET_CONF, MANIFESTS } from './places.ts';

const PROGRAM = `
kubelet=$1; shift
test ! -x "$kubelet" || echo "version $("$kubelet" --version)"
for path in "$@"; do test ! -e "$path" || echo "there $path"; done
`;

const API_SERVER_MANIFEST = `${MANIFESTS}/kube-apiserver.yaml`;

/** Looks at the host. A master whose API does not answer is broken, whatever the other masters do. */
export async function observeHost(
  { home, signal }: Pick<RuntimeContext, 'home' | 'signal'>,
  host: Host,
  apiPort: number,
): Promise<HostState> {
  const argv = ['sh', '-c', PROGRAM, 'sealer', KUBELET, KUBELET_CONF, ADMIN_CONF, API_SERVER_MANIFEST] as const;
  const [{ stdout }, marker] = await Promise.all([
    host.exec({ argv, env: COMMAND_ENV, signal }),
    readMarker(host, home, signal),
  ]);
  const version = /^version Kubernetes (\S+)$/m.exec(stdout)?.[1];
  const has = (path: string): boolean => stdout.includes(`there ${path}\n`);
  const broken = (reason: string): HostState => ({ member: 'broken', version, reason });
  if (marker !== undefined && marker.phase !== 'member') return broken('it began to join and did not finish');
  if (!has(KUBELET_CONF) && !has(API_SERVER_MANIFEST)) {
    return marker === undefined ? { member: 'absent', version } : broken(`${KUBELET_CONF} is missing`);
  }
  if (!(await isActive(host, 'kubelet', { signal }))) return broken('its kubelet does not run');
  if (!has(API_SERVER_MANIFEST)) return { member: 'node', version };
  if (!has(ADMIN_CONF)) return broken(`${ADMIN_CONF} is missing`);
  const silence = await probe(host, apiPort, signal);
  return silence === undefined ? { member: 'master', version } : broken(`its API does not answer: ${silence}`);
}

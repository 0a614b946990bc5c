/** What one host is, from what lies on it: without asking the cluster. */

import type { Host } from '../../hosts/host.ts';
import type { HostState } from '../runtime.ts';
import { serviceState } from '../services/index.ts';
import type { K3sCluster } from './cluster.ts';
import { K3S } from './paths.ts';
import { serviceName } from './services.ts';
import { versionIn } from './versions.ts';

/** Only what runs and is set up to run is a member; anything else that is there makes it `broken`. */
export async function observeHost({ context, dataDir }: K3sCluster, host: Host): Promise<HostState> {
  const { signal } = context;
  const { stdout } = await host.exec({ argv: ['sh', '-c', LOOK, 'sealer', K3S, dataDir], signal });
  const found = new Set(stdout.split('\n'));
  const installed = versionIn(stdout);
  const version = installed === undefined ? {} : { version: installed };
  const roles = (['server', 'agent'] as const).filter((role) => found.has(`unit ${role}`));
  const [role] = roles;
  if (roles.length > 1) return { member: 'broken', ...version, reason: 'it is set up as a server and as an agent' };
  if (role === undefined) {
    if (!found.has('data')) return { member: 'absent', ...version };
    return { member: 'broken', ...version, reason: `there is data in ${dataDir}, but no service k3s` };
  }
  if (installed === undefined) return { member: 'broken', reason: `${K3S} is missing or does not run` };
  const name = serviceName(role);
  const state = await serviceState(host, name, { signal });
  if (state === 'active') return { member: role === 'server' ? 'master' : 'node', ...version };
  const reason = state === 'starting' ? `${name} does not get ready` : `${name} does not run`;
  return { member: 'broken', ...version, reason };
}

/**
 * Arguments: the program, the data folder. Prints what is there. Images alone are no data: they are brought before anything
 * is set up.
 */
const LOOK = `
for role in server agent; do
  name=k3s
  [ "$role" = server ] || name=k3s-agent
  if [ -e "/etc/systemd/system/$name.service" ] || [ -e "/etc/init.d/$name" ]; then echo "unit $role"; fi
done
if [ -e "$2/server/tls" ] || [ -e "$2/server/db" ] || [ -e "$2/agent/client-kubelet.crt" ]; then echo data; fi
if [ -x "$1" ]; then "$1" --version 2>/dev/null; fi
exit 0
`;

/** What one host is, from what lies and runs on it. */

import type { Host } from '../../hosts/host.ts';
import { type Fields, fieldsOf, stringOf } from '../../kubernetes/fields.ts';
import type { HostState } from '../runtime.ts';
import { CONTROLLER, K0S, type Service, WORKER } from './paths.ts';

/** A host with its k0s, if it has one. */
export interface Observed extends HostState {
  /** The service that is installed. */
  readonly service?: Service | undefined;
  /** Whether its process answers. */
  readonly isRunning: boolean;
  /** Of the process that runs; `version` is that of the program on the disk. */
  readonly runningVersion?: string | undefined;
}

/**
 * One round trip: which service there is, what the program says of itself, and what its process tells.
 * `k0s status` asks a socket; where nothing runs it fails at once.
 */
const PROGRAM = `
for service in ${CONTROLLER} ${WORKER}; do
  for file in /etc/systemd/system/$service.service /etc/init.d/$service; do
    if test -e "$file"; then echo "service=$service"; fi
  done
done
if test -e /var/lib/k0s/pki || test -e /var/lib/k0s/kubelet.conf; then echo data=yes; fi
k0s=$1
test -x "$k0s" || k0s=$(command -v k0s) || exit 0
echo "version=$("$k0s" version 2>/dev/null | head -n 1)"
echo status=
"$k0s" status -o json
exit 0
`;

/** Asks a host. @throws what hosts throw */
export async function observeHost(host: Host, signal?: AbortSignal): Promise<Observed> {
  const argv = ['sh', '-c', PROGRAM, 'sealer', K0S] as const;
  const { stdout, stderr } = await host.exec({ argv, signal, timeoutMs: 60_000 });
  return readObservation(stdout, stderr);
}

/** Reads what the program on the host printed; `complaint` is why `k0s status` failed. */
export function readObservation(text: string, complaint = ''): Observed {
  const [head = '', tail = ''] = text.split(/^status=$/m);
  const named = (key: string): string | undefined => stringOf(new RegExp(`^${key}=(.*)$`, 'm').exec(head)?.[1]?.trim());
  const version = named('version');
  const installed = named('service');
  const service: Service | undefined = installed === CONTROLLER || installed === WORKER ? installed : undefined;
  const status = jsonIn(tail);
  const runningVersion = stringOf(status?.Version);
  const isRunning = status !== undefined && stringOf(status.Role) !== undefined;
  const shared = { version: runningVersion ?? version, service, isRunning, runningVersion };
  if (service === undefined) {
    if (isRunning) return { ...shared, member: 'broken', reason: 'k0s runs, but not as a service' };
    if (head.includes('data=yes')) {
      return { ...shared, member: 'broken', reason: 'there is data of k0s in /var/lib/k0s, but no service' };
    }
    return { ...shared, member: 'absent' };
  }
  const member = service === CONTROLLER ? 'master' : 'node';
  if (isRunning) return { ...shared, member };
  const reason = `${service} is installed, but k0s does not answer: ${lastLine(complaint) ?? 'there is no program'}`;
  return { ...shared, member: 'broken', reason };
}

function jsonIn(text: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string | undefined {
  return stringOf(text.trim().split('\n').at(-1)?.slice(0, 200));
}

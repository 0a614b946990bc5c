/** One host becomes a member. */

import { SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { deleteNode, findNode } from '../../nodes/index.ts';
import { type JoinSecrets, joinConfig } from '../config/join-config.ts';
import type { Driver } from '../driver.ts';
import { pointEndpoint } from '../endpoint/hosts-entry.ts';
import { observeHost } from '../observe.ts';
import { MANIFESTS } from '../places.ts';
import { runKubeadm } from '../run-kubeadm.ts';
import { etcdMembers, removeMember, survivor } from './etcd.ts';
import { ignoring } from './init.ts';
import { readMarker, writeMarker } from './marker.ts';
import { withEtcdAdmitted } from './refused-etcd.ts';
import { resetHost } from './undo.ts';

/**
 * Runs `kubeadm join`, unless the host is a member. While it runs the host asks a master that works.
 * @param secrets with a certificate key for masters
 * @param routeToSelf how the host finds the API once it is a member
 * @returns false if there was nothing to do
 * @throws SealerError CLUSTER_EXISTS, COMMAND_FAILED
 */
export async function joinHost(
  driver: Driver,
  host: Host,
  role: 'master' | 'node',
  secrets: () => Promise<JoinSecrets>,
): Promise<boolean> {
  const { home, signal } = driver;
  const { apiPort, endpoint } = await driver.settings();
  const [marker, state] = await Promise.all([readMarker(host, home, signal), observeHost(driver, host, apiPort)]);
  const isMember = marker?.phase === 'member' && marker.role === role && state.member !== 'absent';
  if (isMember && !(await isForgotten(driver, host, role))) return false;
  if (marker === undefined && state.member !== 'absent') {
    throw new SealerError('CLUSTER_EXISTS', `${host.label} is a member of a cluster that we did not make`, {
      hint: 'Run `kubeadm reset` on it if that cluster is not wanted any more, or take another host.',
    });
  }
  if (marker !== undefined && marker.role !== role && marker.phase !== 'joining') {
    throw new SealerError(
      'CLUSTER_EXISTS',
      `${host.label} is a ${marker.role} of this cluster and cannot become a ${role}`,
      {
        hint: 'Remove it first, then add it with its new role.',
      },
    );
  }
  if (marker?.phase === 'joined' && !(await isForgotten(driver, host, role))) return true;
  if (marker !== undefined) await resetHost(driver, host);
  await forget(driver, host, role);
  await writeMarker(host, home, { role, phase: 'joining' }, signal);
  if (endpoint.isOurs) await pointEndpoint(host, (await driver.liveMaster()).address, signal);
  await runJoin(driver, host, await secrets());
  await writeMarker(host, home, { role, phase: 'joined' }, signal);
  return true;
}

/** The host is whole: from now on it is never made anew. */
export async function markMember(driver: Driver, host: Host, role: 'master' | 'node'): Promise<void> {
  await writeMarker(host, driver.home, { role, phase: 'member' }, driver.signal);
}

/**
 * kube-proxy got a copy of /etc/hosts from before the host found its own way to the API, and pods keep theirs: it is started
 * anew, while there is nothing on the node yet that would notice.
 */
export async function restartProxy({ kubectl }: Driver, node: string): Promise<void> {
  const which = ['-l', 'k8s-app=kube-proxy', `--field-selector=spec.nodeName=${node}`];
  await kubectl(['-n', 'kube-system', 'delete', 'pod', ...which, '--wait=false', '--ignore-not-found']);
}

async function runJoin(driver: Driver, host: Host, secrets: JoinSecrets): Promise<void> {
  const { home, image, signal } = driver;
  const settings = await driver.settings();
  const path = `${home}/join.yaml`;
  const text = joinConfig(
    settings,
    image.kubeVersion,
    { address: host.address, nodeName: driver.nodeName(host) },
    secrets,
  );
  await host.write(path, text, { mode: 0o600, signal });
  // A kubelet that finds no such folder looks again only after up to 20 s; the balancer comes into it right after this.
  await host.exec({ argv: ['mkdir', '-p', MANIFESTS], signal });
  const hidden = [secrets.token, ...(secrets.certificateKey === undefined ? [] : [secrets.certificateKey])];
  try {
    const words = ['join', `--config=${path}`, ...ignoring(settings.ignoredChecks)];
    const join = () => runKubeadm(driver, host, words, { secrets: hidden });
    if (secrets.certificateKey === undefined) await join();
    else await withEtcdAdmitted(driver, host, join);
  } finally {
    await host.exec({ argv: ['rm', '-f', path], allowFailure: true }).catch(() => {});
  }
}

/**
 * Whether the cluster knows nothing of a host that takes itself for a member: it was removed while it could not be reached.
 * A master is forgotten only if its etcd is.
 */
async function isForgotten(driver: Driver, host: Host, role: 'master' | 'node'): Promise<boolean> {
  const { kubectl, signal } = driver;
  if ((await findNode(kubectl, host.address, signal)) !== undefined) return false;
  if (role === 'node') return true;
  const via = await survivor(driver, [host.address]);
  return !(await etcdMembers(via, signal)).some(({ address }) => address === host.address);
}

/**
 * Half a member leaves traces on the others: a node that is not Ready, a member of etcd that never answers. So does a host that
 * was one and was installed anew: its new etcd, without its data, would end as soon as it took the old one's place.
 */
async function forget(driver: Driver, host: Host, role: 'master' | 'node'): Promise<void> {
  const { kubectl, signal } = driver;
  const node = await findNode(kubectl, host.address, signal);
  if (node !== undefined) await deleteNode(kubectl, node.name, signal);
  if (role === 'node') return;
  await removeMember(await survivor(driver, [host.address]), host.address, signal);
}

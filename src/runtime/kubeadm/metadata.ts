/** What the cluster is. */

import { mapOf, mapsOf, stringOf } from '../../kubernetes/fields.ts';
import { listNodes } from '../nodes/index.ts';
import type { Metadata } from '../runtime.ts';
import { compareVersions } from '../version.ts';
import { certificateNames } from './certificates.ts';
import type { Driver } from './driver.ts';
import { readClusterConfig } from './members/cluster-config.ts';
import { etcdMembers, survivor } from './members/etcd.ts';

/** Asks the API, etcd, and the masters for their certificates. */
export async function clusterMetadata(driver: Driver): Promise<Metadata> {
  const { kubectl, signal } = driver;
  const nodes = await listNodes(kubectl, signal);
  const masters = nodes.filter(({ role }) => role === 'master').map(({ address }) => address);
  const hosts = driver.masters.filter(({ address }) => masters.includes(address));
  const via = await survivor(driver, []);
  const [versions, cluster, members, sans] = await Promise.all([
    apiServerVersions(driver),
    readClusterConfig(driver),
    etcdMembers(via, signal),
    Promise.all(
      hosts.map(async (host) => [host.address, await certificateNames(host, signal).catch(() => [])] as const),
    ),
  ]);
  const networking = mapOf(cluster.networking);
  return {
    version: versions.toSorted(compareVersions)[0] ?? stringOf(cluster.kubernetesVersion) ?? driver.image.kubeVersion,
    nodes,
    sans: Object.fromEntries(sans),
    etcdMembers: members.map(({ name, address }) => name || address),
    podCidr: stringOf(networking.podSubnet),
    serviceCidr: stringOf(networking.serviceSubnet),
  };
}

/** Of all masters, from the tags of their images; the API itself tells only of the one that answers. */
export async function apiServerVersions({ kubectl, signal }: Driver): Promise<readonly string[]> {
  const { stdout } = await kubectl(
    ['-n', 'kube-system', 'get', 'pods', '-l', 'component=kube-apiserver', '-o', 'json'],
    { signal },
  );
  const list: unknown = JSON.parse(stdout);
  return mapsOf(mapOf(list).items).flatMap((pod) => {
    const [container] = mapsOf(mapOf(pod.spec).containers);
    const tag = /:(v\d+\.\d+\.\d+[^@]*)(?:@|$)/.exec(stringOf(container?.image) ?? '')?.[1];
    return tag === undefined ? [] : [tag.replace('_', '+')];
  });
}

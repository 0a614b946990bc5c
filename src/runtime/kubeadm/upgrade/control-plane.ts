/** A master's control plane of the new version, by kubeadm. */

import type { Host } from '../../../hosts/host.ts';
import { mapOf, stringOf } from '../../../kubernetes/fields.ts';
import { mergeDocuments } from '../config/merge.ts';
import type { Driver } from '../driver.ts';
import { readClusterConfig, uploadClusterConfig } from '../members/cluster-config.ts';
import { ignoring, installKubeconfig } from '../members/init.ts';
import { MANIFESTS } from '../places.ts';
import { runKubeadm } from '../run-kubeadm.ts';

/** In seconds; a cluster of hundreds of nodes takes longer, but its next node is upgraded minutes later. */
const PROXIES_TIMEOUT_S = 120;

/** `apply` is for the first master of an upgrade, `node` for the others. */
type Verb = 'apply' | 'node';

/**
 * Upgrades the control plane of a master, unless that is done. kubeadm writes the new version down before it is through (CoreDNS
 * and kube-proxy come last), so that a begun upgrade is noted on the host: who comes after a run that broke off begins it anew.
 * @param program kubeadm of the new version
 * @throws SealerError COMMAND_FAILED
 */
export async function upgradeControlPlane(driver: Driver, host: Host, program: string): Promise<void> {
  const { image, signal } = driver;
  const settings = await driver.settings();
  const cluster = await readClusterConfig(driver);
  const isApplied = stringOf(cluster.kubernetesVersion) === image.kubeVersion;
  const broken = await brokenUpgrade(driver, host);
  const verb = nextVerb(isApplied, broken, await hasStaticPods(driver, host));
  if (verb !== undefined) {
    const tags = mergeDocuments(cluster, {
      imageRepository: settings.cluster.imageRepository,
      dns: mapOf(settings.cluster.dns),
      ...(mapOf(cluster.etcd).external === undefined ? { etcd: mapOf(settings.cluster.etcd) } : {}),
    });
    const isOther = JSON.stringify(tags) !== JSON.stringify(cluster);
    if (verb === 'apply' && isOther) await uploadClusterConfig(driver, host, tags);
    await host.write(markPath(driver), `${verb}\n`, { mode: 0o600, signal });
    const words = verb === 'apply' ? ['upgrade', 'apply', image.kubeVersion, '--yes'] : ['upgrade', 'node'];
    await runKubeadm(driver, host, [...words, ...ignoring(settings.ignoredChecks)], { program });
    await host.exec({ argv: ['rm', '-f', markPath(driver)], signal });
    await waitForProxies(driver);
  }
  await installKubeconfig(driver, host);
}

/**
 * The last that kubeadm does, on the first master or (seen with 1.34) on the last one, is to have every kube-proxy started anew, one
 * after the other: until a node's is up again, the node goes on sending users to pods that a drain has moved. That a proxy does not
 * come up keeps nothing from going on.
 */
async function waitForProxies({ kubectl, signal }: Driver): Promise<void> {
  const argv = ['-n', 'kube-system', 'rollout', 'status', 'daemonset/kube-proxy', `--timeout=${PROXIES_TIMEOUT_S}s`];
  await kubectl(argv, { signal, timeoutMs: (PROXIES_TIMEOUT_S + 10) * 1000, allowFailure: true });
}

/** How an upgrade of a master was begun that did not come to its end; undefined if there is none. */
export async function brokenUpgrade(driver: Pick<Driver, 'home' | 'signal'>, host: Host): Promise<Verb | undefined> {
  const text = await host.readText(markPath(driver), { signal: driver.signal });
  if (text === undefined) return undefined;
  return text.trim() === 'node' ? 'node' : 'apply';
}

/** Whether the API server that a master is to run is the new one: the manifests come in order, this one second, so kubeadm's own check completes it. */
export async function hasStaticPods({ image, signal }: Driver, host: Host): Promise<boolean> {
  const names = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  const texts = await Promise.all(names.map((name) => host.readText(`${MANIFESTS}/${name}.yaml`, { signal })));
  return texts.every((text, i) => text?.includes(`/${names[i]}:${image.kubeVersion.replace('+', '_')}`) === true);
}

function nextVerb(isApplied: boolean, broken: Verb | undefined, isNew: boolean): Verb | undefined {
  if (!isApplied) return 'apply';
  return broken ?? (isNew ? undefined : 'node');
}

function markPath({ home }: Pick<Driver, 'home'>): string {
  return `${home}/upgrading`;
}

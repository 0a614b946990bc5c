/** The configuration that the cluster keeps of itself: ConfigMap kube-system/kubeadm-config. */

import { SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { type Fields, mapOf, stringOf } from '../../../kubernetes/fields.ts';
import { clusterConfig } from '../config/init-config.ts';
import { readDocuments } from '../config/yaml.ts';
import type { Driver } from '../driver.ts';
import { runKubeadm } from '../run-kubeadm.ts';

/** Its ClusterConfiguration, as v1beta4. @throws SealerError CLUSTER_API_ERROR */
export async function readClusterConfig({ kubectl, signal }: Driver): Promise<Fields> {
  const { stdout } = await kubectl(['-n', 'kube-system', 'get', 'configmap', 'kubeadm-config', '-o', 'json'], {
    signal,
  });
  const object: unknown = JSON.parse(stdout);
  const text = stringOf(mapOf(mapOf(object).data).ClusterConfiguration);
  const found =
    text === undefined ? undefined : readDocuments(text, 'ConfigMap kube-system/kubeadm-config').ClusterConfiguration;
  if (found !== undefined) return found;
  throw new SealerError('CLUSTER_API_ERROR', 'ConfigMap kube-system/kubeadm-config has no ClusterConfiguration', {
    hint: 'The cluster was not made by kubeadm, or somebody changed the ConfigMap.',
  });
}

/** Writes it, by kubeadm's own hand. */
export async function uploadClusterConfig(driver: Driver, host: Host, cluster: Fields): Promise<void> {
  await withClusterConfig(driver, host, cluster, async (path) => {
    await runKubeadm(driver, host, ['init', 'phase', 'upload-config', 'kubeadm', `--config=${path}`]);
  });
}

/** A file with this configuration, as long as the work takes. */
export async function withClusterConfig(
  driver: Driver,
  host: Host,
  cluster: Fields,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const { home, image, signal } = driver;
  const settings = await driver.settings();
  const path = `${home}/cluster-config.yaml`;
  const version = stringOf(cluster.kubernetesVersion) ?? image.kubeVersion;
  const local = { advertiseAddress: host.address, bindPort: settings.apiPort };
  const name = driver.nodeName(host);
  const init = {
    ...settings.init,
    localAPIEndpoint: local,
    nodeRegistration: { ...mapOf(settings.init.nodeRegistration), ...(name === undefined ? {} : { name }) },
  };
  await host.write(path, clusterConfig(cluster, init, version), { mode: 0o600, signal });
  try {
    await work(path);
  } finally {
    await host.exec({ argv: ['rm', '-f', path], allowFailure: true }).catch(() => {});
  }
}

/** Runs an image of apps on a cluster that sealer did not make: with its kubeconfig, from this machine. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackRootfs } from '../../cluster-image/index.ts';
import { type Clusterfile, renderRootfsTemplate } from '../../clusterfile/index.ts';
import { SealerError } from '../../error.ts';
import { KubernetesClient, readKubeconfig } from '../../kubernetes/index.ts';
import { runLaunch } from '../../launch/index.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import { awaitWorkloads } from '../launch/await-workloads.ts';
import { launchesOf } from '../launch/launches.ts';
import { pushBundle } from '../registry/index.ts';
import type { ClusterWorld } from '../world.ts';

export interface KubeconfigInstall {
  readonly image: RunnableImage;
  /** Path of the file. */
  readonly kubeconfig: string;
  /** What is launched, and with which environment, over what the image says. */
  readonly cluster: Clusterfile['cluster'];
  /** Where the bundled images are pushed first; undefined: the cluster has them, or gets them by itself. */
  readonly registry: { readonly domain: string; readonly port: number } | undefined;
  readonly waits: boolean;
  /** Of waiting for workloads, in milliseconds. */
  readonly timeoutMs: number;
  /** Folders with programs (kubectl, helm), as PATH has them, behind the image's own. */
  readonly path: string | undefined;
}

export interface KubeconfigInstalled {
  /** What was launched: apps, and `commands` for the image's own. */
  readonly launched: readonly string[];
  /** Bytes that went into the registry. */
  readonly sent: number;
}

/**
 * Pushes, launches, waits. Launch commands run every time: such a cluster remembers nothing of sealer's.
 * @throws SealerError IMAGE_UNFIT for an image with Kubernetes in it; KUBECONFIG_INVALID, LAUNCH_FAILED,
 *   WORKLOADS_NOT_READY, and what pushing throws
 */
export async function installByKubeconfig(
  { image, kubeconfig, cluster, registry, waits, timeoutMs, path }: KubeconfigInstall,
  { store, client, report, signal }: Pick<ClusterWorld, 'store' | 'client' | 'report' | 'signal'>,
): Promise<KubeconfigInstalled> {
  if (image.runtime !== undefined) {
    throw new SealerError('IMAGE_UNFIT', `${image.name} has Kubernetes in it, and the cluster is there`, {
      hint: 'Run it on hosts: sealer run IMAGE --masters 10.0.0.2.',
    });
  }
  const env = { ...image.extension.env, ...cluster.env };
  const launches = launchesOf(image.extension, { cluster, application: undefined }, env);
  await using api = new KubernetesClient(readKubeconfig(kubeconfig), { signal });
  let sent = 0;
  if (registry !== undefined) {
    report({ type: 'phase', title: 'Push the container images' });
    sent = (await pushBundle(store, image.manifest, registry, { client, report, signal })).moved;
  }
  const folder = await mkdtemp(join(tmpdir(), 'sealer-app-'));
  const id = 'launch';
  try {
    const rootfs = join(folder, 'rootfs');
    await unpackRootfs(store, image.manifest, rootfs, { signal });
    report({ type: 'phase', title: 'Launch' });
    report({ type: 'start', id, label: `Launching ${image.name}`, unit: 'items' });
    await runLaunch(
      launches.flatMap(({ steps }) => steps),
      {
        ...{ rootfs, kubeconfig, env, signal, apps: image.extension.applications },
        ...(path === undefined ? {} : { path }),
        renderTemplate: renderRootfsTemplate,
        onLine: (line) => report({ type: 'output', id, line }),
      },
    );
    report({ type: 'end', id, outcome: 'done' });
  } catch (error) {
    report({ type: 'end', id, outcome: signal.aborted ? 'cancelled' : 'failed' });
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (waits) await awaitWorkloads(api, { timeoutMs, signal, report });
  return { launched: launches.map(({ name }) => name), sent };
}

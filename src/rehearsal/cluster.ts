/** A temporary cluster for a rehearsal: the right Kubernetes, and a client of its API. */

import { KubernetesClient } from '../kubernetes/index.ts';
import type { Store } from '../oci/store/index.ts';
import type { Report } from '../progress.ts';
import type { RegistryClient } from '../registry/client/index.ts';
import type { RegistryStorage } from '../registry/server/index.ts';
import type { TempCluster } from '../temp-cluster/index.ts';

/** The temporary cluster. */
export interface ClusterOptions {
  /** What the engine runs; default: k3s of the base image's Kubernetes version. */
  readonly image?: string | undefined;
  /** For the cluster to start, and again for the workloads to be ready. */
  readonly timeoutMs: number;
  /** How long everything has to stay ready, with nothing new coming up. */
  readonly settleMs: number;
}

export interface RehearsalWorld {
  readonly store: Store;
  readonly client: RegistryClient;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

export interface ClusterRequest {
  readonly cluster: ClusterOptions;
  /** Of the cluster image; undefined where it says none. */
  readonly kubeVersion: string | undefined;
  /** No way to anything but the registry. */
  readonly isolated: boolean;
  readonly registry: RegistryStorage;
}

/** Disposing it removes the cluster and all that belongs to it. */
export interface RehearsalCluster extends AsyncDisposable {
  /** What the engine runs. */
  readonly image: string;
  readonly kubeconfig: string;
  readonly api: KubernetesClient;
  readonly timings: TempCluster['timings'];
}

/**
 * Starts a temporary cluster and waits until it is ready.
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_UNFIT, CLUSTER_NOT_READY, IMAGE_NOT_FOUND (no k3s of that version)
 */
export async function openCluster(request: ClusterRequest, world: RehearsalWorld): Promise<RehearsalCluster> {
  // Loaded here alone: no other command is to pay for a client of container engines.
  const { chooseClusterImage, checkEngine, startTempCluster } = await import('../temp-cluster/index.ts');
  const { env, report, signal } = world;
  await checkEngine(env);
  const image = request.cluster.image ?? (await chooseClusterImage(world.client, request.kubeVersion));
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await world.store.scratch('cluster'));
  const cluster = stack.use(
    await startTempCluster({
      ...{ image, env, report, signal, registry: request.registry, isolated: request.isolated },
      scratch: scratch.path,
      startTimeoutMs: request.cluster.timeoutMs,
    }),
  );
  const api = stack.use(new KubernetesClient(cluster.access, { signal }));
  const kept = stack.move();
  return {
    ...{ image, api, kubeconfig: cluster.kubeconfig, timings: cluster.timings },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

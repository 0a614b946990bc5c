/** Recording: a temporary cluster whose every pull comes through our proxy, so that what nobody wrote down is found. */

import { blobKeeper, type ImageExtension } from '../cluster-image/index.ts';
import { workloadUids } from '../kubernetes/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Pull, pullThroughStorage, type UpstreamSource } from '../registry/proxy/index.ts';
import { askedImages } from './asked.ts';
import { type ClusterOptions, openCluster, type RehearsalCluster, type RehearsalWorld } from './cluster.ts';
import { workloadsNotReady } from './not-ready.ts';
import { isOwnImage } from './own-images.ts';
import { rehearse } from './rehearse.ts';

export interface RecordingOptions {
  readonly cluster: ClusterOptions;
  /** Of the image that is built; undefined where its base says none. */
  readonly kubeVersion: string | undefined;
  /** Where images come from: the registries, or their mirrors. */
  readonly source: UpstreamSource;
  /** What names mean already: the recording is to run what the image will hold. */
  readonly resolved: ReadonlyMap<string, Pick<Descriptor, 'digest'>>;
}

/** An image that a temporary cluster asked for. */
export interface RecordedImage {
  /** Complete. */
  readonly name: string;
  /** `Deployment shop/web` and the like; none where only a registry saw it. */
  readonly askers: readonly string[];
}

/** A temporary cluster that is recorded. Disposing it removes the cluster. */
export interface Recording extends AsyncDisposable {
  /** Where commands of the build find the cluster. */
  readonly kubeconfig: string;
  readonly timings: RehearsalCluster['timings'];
  /**
   * Runs a launch, waits until all is ready, and gives every image that was asked for since the cluster is up, sorted.
   * @throws SealerError LAUNCH_FAILED, WORKLOADS_NOT_READY
   */
  launch(rootfs: string, extension: ImageExtension): Promise<readonly RecordedImage[]>;
}

/**
 * Starts a cluster to record.
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_UNFIT, CLUSTER_NOT_READY
 */
export async function openRecording(options: RecordingOptions, world: RehearsalWorld): Promise<Recording> {
  const { source, resolved, kubeVersion, cluster } = options;
  const { store, signal } = world;
  const pulls: Pull[] = [];
  let isUp = false;
  const registry = pullThroughStorage({
    ...{ store, source, resolved, signal },
    bringBlob: blobKeeper({ store, client: source }),
    onPull: (pull) => {
      if (isUp) pulls.push(pull);
    },
  });
  await using stack = new AsyncDisposableStack();
  const running = stack.use(await openCluster({ cluster, kubeVersion, isolated: false, registry }, world));
  const ignore = await workloadUids(running.api, signal);
  isUp = true;
  const kept = stack.move();
  return {
    kubeconfig: running.kubeconfig,
    timings: running.timings,
    async launch(rootfs, extension) {
      const report = await rehearse({ rootfs, extension, cluster, ignore }, running, world);
      if (!report.ready) throw workloadsNotReady(report);
      return askedImages(report, pulls).filter(({ name }) => !isOwnImage(name));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

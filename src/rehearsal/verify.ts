/** The proof: a cluster image on a temporary cluster that can reach nothing but what the image carries. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleStorage, inspectImage, kubeVersionOf, unpackRootfs } from '../cluster-image/index.ts';
import { SealerError } from '../error.ts';
import { type WorkloadReport, workloadUids } from '../kubernetes/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type Pull, pullThroughStorage, switchableStorage } from '../registry/proxy/index.ts';
import { askedImages, imageKey } from './asked.ts';
import { type ClusterOptions, openCluster, type RehearsalWorld } from './cluster.ts';
import { isOwnImage } from './own-images.ts';
import { launchSteps, rehearse } from './rehearse.ts';

/** An image that was asked for and is not in the bundle. */
export interface MissingImage {
  readonly name: string;
  /** `Deployment shop/web` and the like. */
  readonly askers: readonly string[];
  readonly reason: string;
}

/** An image in the bundle that nothing asked for. */
export interface UnusedImage {
  readonly name: string;
  readonly digest: Digest;
  /** Of all its content, whoever shares it. */
  readonly bytes: number;
}

export interface Verification {
  /** Everything got ready, and nothing was missing. */
  readonly ok: boolean;
  /** Of the manifest that was run. */
  readonly digest: Digest;
  /** What the engine ran. */
  readonly clusterImage: string;
  /** Images that were asked for and are in the bundle. */
  readonly used: readonly string[];
  readonly missing: readonly MissingImage[];
  readonly unused: readonly UnusedImage[];
  readonly workloads: WorkloadReport;
  /** Milliseconds until the cluster was ready, and in all. */
  readonly readyMs: number;
  readonly totalMs: number;
}

/**
 * Runs the launch of an image of the store on an isolated cluster.
 * @param image a name, or the descriptor of its index or manifest
 * @throws SealerError IMAGE_NOT_FOUND, LAUNCH_FAILED, ENGINE_NOT_FOUND, ENGINE_UNFIT, CLUSTER_NOT_READY
 */
export async function verifyImage(
  image: string | Descriptor,
  cluster: ClusterOptions,
  world: RehearsalWorld,
): Promise<Verification> {
  const started = performance.now();
  const { store, client, signal } = world;
  const spec = await inspectImage(store, image);
  const extension = spec.imageExtension;
  if (extension === undefined) {
    throw new SealerError('INVALID_MANIFEST', `${spec.name} is no cluster image`, { hint: 'Build one: sealer build.' });
  }
  launchSteps(extension);
  await using scratch = await store.scratch('verify');
  const rootfs = join(scratch.path, 'rootfs');
  await unpackRootfs(store, spec.manifestv1, rootfs, { signal });
  const kubeVersion = kubeVersionOf(extension.labels, await readMetadata(rootfs));

  const pulls: Pull[] = [];
  const bundle = await bundleStorage({ store, manifest: spec.manifestv1, onPull: (pull) => pulls.push(pull), signal });
  // While it starts, the cluster may fetch what it is made of; the image has its own Kubernetes where it runs for good.
  const outside = pullThroughStorage({ store, source: client, signal });
  const registry = switchableStorage(bundle.or(outside, () => true));
  await using running = await openCluster({ cluster, kubeVersion, isolated: true, registry }, world);
  const ignore = await workloadUids(running.api, signal);
  const readyMs = performance.now() - started;
  const report = await rehearse(
    {
      ...{ rootfs, extension, cluster, ignore },
      onLaunch: () => registry.use(bundle.or(outside, isOwnImage)),
      isHopeless: () => isHopeless(pulls, cluster.settleMs),
    },
    running,
    world,
  );
  const asked = askedImages(report, pulls).filter(({ name }) => !isOwnImage(name));
  const carried = new Set(bundle.images.map(({ name }) => imageKey(name)));
  const missing = asked
    .filter(({ name, reason }) => reason !== undefined || !carried.has(imageKey(name)))
    .map(({ name, askers, reason = 'it is not in the image' }): MissingImage => ({ name, askers, reason }));
  const wanted = new Set(asked.map(({ name }) => imageKey(name)));
  return {
    ok: report.ready && missing.length === 0,
    digest: spec.digest,
    clusterImage: running.image,
    used: bundle.images.flatMap(({ name }) => (wanted.has(imageKey(name)) ? [name] : [])),
    missing,
    unused: bundle.images.filter(({ name }) => !wanted.has(imageKey(name))),
    workloads: report,
    readyMs,
    totalMs: performance.now() - started,
  };
}

/**
 * With an image missing, the workloads will never all be ready. It is worth to wait only for what else is missing: as long
 * as nodes ask for images that they have not asked for before.
 */
function isHopeless(pulls: readonly Pull[], settleMs: number): boolean {
  const last = Math.max(...pulls.map(({ at }) => at));
  return pulls.some(({ outcome }) => outcome === 'missing') && Date.now() - last > settleMs;
}

async function readMetadata(rootfs: string): Promise<string | undefined> {
  return await readFile(join(rootfs, 'Metadata'), 'utf8').catch(() => undefined);
}

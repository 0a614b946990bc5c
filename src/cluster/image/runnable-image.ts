/** A cluster image of the store, as far as running it needs. */

import { type ImageExtension, inspectImage, kubeVersionOf } from '../../cluster-image/index.ts';
import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Store } from '../../oci/store/index.ts';
import type { RuntimeName } from '../../runtime/runtime.ts';
import { rootfsFiles } from './rootfs-files.ts';

export interface RunnableImage {
  /** As the user named it. */
  readonly name: string;
  /** Of the manifest for `arch`. */
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  readonly extension: ImageExtension;
  /** As OCI names it. */
  readonly arch: string;
  /** Undefined for an image of apps alone. */
  readonly runtime: RuntimeName | undefined;
  /** Undefined for an image of apps alone. */
  readonly kubeVersion: string | undefined;
  /** Complete names of the container images inside. */
  readonly images: readonly string[];
  /** Bytes of all layers. */
  readonly size: number;
}

/** Labels that base images set (sealerio/sealer, pkg/define/image/v1/label.go). */
const RUNTIME_TYPE = 'cluster.alpha.sealer.io/cluster-runtime-type';

/** What images call the runtimes; the Go sealer's `kubernetes` is kubeadm. */
const RUNTIMES: Readonly<Record<string, RuntimeName>> = {
  kubernetes: 'kubeadm',
  kubeadm: 'kubeadm',
  k3s: 'k3s',
  k0s: 'k0s',
};

/**
 * Reads a cluster image of the store.
 * @param name as the user named it
 * @param image the descriptor of its index or manifest
 * @param arch of the hosts, as OCI names it; undefined: the image's only one, or this machine's
 * @throws SealerError IMAGE_NOT_FOUND, PLATFORM_NOT_FOUND, INVALID_MANIFEST; RUNTIME_UNKNOWN for a runtime that we have no
 *   driver for
 */
export async function loadRunnableImage(
  store: Store,
  name: string,
  image: Descriptor,
  arch: string | undefined,
): Promise<RunnableImage> {
  const platform: Platform | undefined = arch === undefined ? undefined : { os: 'linux', architecture: arch };
  const spec = await inspectImage(store, image, { platform });
  const extension = spec.imageExtension;
  if (extension === undefined) {
    throw new SealerError('INVALID_MANIFEST', `${name} is no cluster image`, {
      hint: 'Build one with sealer build; container images go into it, they are not run by themselves.',
    });
  }
  const metadata = await metadataOf(store, spec.manifestv1, extension);
  return {
    name,
    digest: spec.digest,
    manifest: spec.manifestv1,
    extension,
    arch: spec.ociv1.architecture,
    runtime: runtimeOf(name, extension, metadata),
    kubeVersion: kubeVersionOf(extension.labels, metadata),
    images: [...new Set(spec.containerImageList.map(({ image }) => image))],
    size: spec.size,
  };
}

/** Older images say in a file what newer ones say in labels. */
async function metadataOf(
  store: Store,
  manifest: ImageManifest,
  { labels, type }: ImageExtension,
): Promise<string | undefined> {
  if (labels[RUNTIME_TYPE] !== undefined && kubeVersionOf(labels, undefined) !== undefined) return undefined;
  if (type === 'app-installer') return undefined;
  const files = await rootfsFiles(store, manifest, (path) => path === 'Metadata');
  return files.get('Metadata')?.toString();
}

function runtimeOf(
  name: string,
  { labels, type }: ImageExtension,
  metadata: string | undefined,
): RuntimeName | undefined {
  if (type === 'app-installer') return undefined;
  const said = (labels[RUNTIME_TYPE] ?? runtimeIn(metadata) ?? '').trim().toLowerCase();
  const runtime = RUNTIMES[said];
  if (runtime !== undefined) return runtime;
  // Images older than the label are all of kubeadm.
  if (said === '' && kubeVersionOf(labels, metadata) !== undefined) return 'kubeadm';
  throw new SealerError(
    'RUNTIME_UNKNOWN',
    said === '' ? `${name} does not say what runs it` : `${name} is run by ${said}, which we cannot`,
    {
      hint:
        `Set it in its Kubefile: LABEL ${RUNTIME_TYPE}=kubernetes, k3s or k0s. ` +
        'An image that has apps and no Kubernetes is built with --type app-installer.',
    },
  );
}

function runtimeIn(metadata: string | undefined): string | undefined {
  try {
    const { clusterRuntime, ClusterRuntime } = Object(JSON.parse(metadata ?? '{}')) as Record<string, unknown>;
    const said = clusterRuntime ?? ClusterRuntime;
    return typeof said === 'string' && said !== '' ? said : undefined;
  } catch {
    return undefined;
  }
}

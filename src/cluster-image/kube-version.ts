/** Which Kubernetes a cluster image brings. */

/** Labels that base images set (sealerio/sealer, pkg/define/image/v1/label.go). */
const RUNTIME_VERSION = 'cluster.alpha.sealer.io/cluster-runtime-version';

/**
 * The version of Kubernetes in a cluster image, such as `v1.33.4+k3s1`.
 * @param labels of its extension
 * @param metadata text of `Metadata` in its rootfs (JSON with `kubeVersion`), which older images have
 * @returns undefined where it says none: an image of apps alone
 */
export function kubeVersionOf(
  labels: Readonly<Record<string, string>>,
  metadata: string | undefined,
): string | undefined {
  const label = labels[RUNTIME_VERSION]?.trim() ?? '';
  return label === '' ? versionIn(metadata) : label;
}

function versionIn(metadata: string | undefined): string | undefined {
  try {
    const json: unknown = JSON.parse(metadata ?? '{}');
    const { kubeVersion } = Object(json) as Record<string, unknown>;
    return typeof kubeVersion === 'string' && kubeVersion.trim() !== '' ? kubeVersion.trim() : undefined;
  } catch {
    return undefined;
  }
}

/** KUBEVERSION: which versions of Kubernetes an image says that it is for. */

import { SealerError } from '../../error.ts';
import { findConstraintFault } from '../../kubefile/index.ts';
import { parseKubeVersion } from '../../runtime/version.ts';
import type { RunnableImage } from './runnable-image.ts';
import { satisfies } from './version-constraint.ts';

/** The label that KUBEVERSION becomes (sealerio/sealer, pkg/define/image/v1/label.go). */
const SUPPORTED_KUBE_VERSION = 'app.alpha.sealer.io/supported-kube-version';

/**
 * Passes if an image may be run on a Kubernetes: it names no versions, or this one is among them.
 * @param kubeVersion of the cluster (for a cluster image that brings its own: that one), such as `v1.33.4+k3s1`; what
 *   comes after the + does not count
 * @throws SealerError KUBE_VERSION_MISMATCH; BAD_CONSTRAINT if the image's constraint is none; IMAGE_UNFIT if the version
 *   is none
 */
export function checkKubeVersion(
  { name, extension }: { readonly name: string; readonly extension: Pick<RunnableImage['extension'], 'labels'> },
  kubeVersion: string,
): void {
  const constraint = extension.labels[SUPPORTED_KUBE_VERSION]?.trim() ?? '';
  if (constraint === '') return;
  const fault = findConstraintFault(constraint);
  if (fault !== undefined) {
    throw new SealerError(
      'BAD_CONSTRAINT',
      `${name} is for Kubernetes "${constraint.slice(0, 200)}": ${fault.message}`,
      {
        hint: `Write a constraint such as >=1.28, <1.32 into KUBEVERSION (label ${SUPPORTED_KUBE_VERSION}), and build it again.`,
      },
    );
  }
  if (satisfies(parseKubeVersion(kubeVersion), constraint)) return;
  throw new SealerError(
    'KUBE_VERSION_MISMATCH',
    `${name} is for Kubernetes ${constraint}, and the cluster has ${kubeVersion}`,
    {
      hint: 'Upgrade the cluster, or take a version of the image that is made for its Kubernetes.',
    },
  );
}

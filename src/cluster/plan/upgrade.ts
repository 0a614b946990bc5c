/** Whether one image can follow another. */

import { SealerError } from '../../error.ts';
import { checkUpgrade, compareVersions } from '../../runtime/version.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import type { Current } from './situation.ts';

/** Whether members run an older Kubernetes than the image has. */
export function isUpgrade(image: RunnableImage, current: Current): boolean {
  const { kubeVersion } = image;
  if (kubeVersion === undefined) return false;
  return memberVersions(current).some((version) => compareVersions(version, kubeVersion) < 0);
}

/**
 * @throws SealerError RUNTIME_CHANGE, DOWNGRADE, UPGRADE_SKIPS_MINOR, IMAGE_UNFIT (an image of apps has no cluster in it)
 */
export function checkImageChange(image: RunnableImage, current: Current): void {
  const { saved } = current;
  const { runtime, kubeVersion } = image;
  if (runtime === undefined || kubeVersion === undefined) {
    throw new SealerError('IMAGE_UNFIT', `${image.name} has apps, but no Kubernetes`, {
      hint: 'Run it on a cluster that is there: sealer run IMAGE --cluster-host ADDRESS, or --kubeconfig FILE.',
    });
  }
  if (saved !== undefined && saved.runtime !== runtime) {
    throw new SealerError(
      'RUNTIME_CHANGE',
      `The cluster ${saved.name} is run by ${saved.runtime}, ${image.name} by ${runtime}`,
      {
        hint: 'A cluster keeps its runtime: make another cluster, and move over.',
      },
    );
  }
  for (const version of new Set(memberVersions(current))) checkUpgrade(version, kubeVersion);
}

function memberVersions({ metadata, hosts }: Current): readonly string[] {
  // k0s's kubelets say `v1.33.4+k0s`, without the number that images have: of those, the program is asked.
  const ofNodes = (metadata?.nodes ?? []).map(({ address, version }) =>
    version.endsWith('+k0s') ? (hosts.get(address)?.state.version ?? version) : version,
  );
  if (ofNodes.length > 0) return [...ofNodes, ...(metadata === undefined ? [] : [metadata.version])];
  return [...hosts.values()].flatMap(({ state }) =>
    (state.member === 'master' || state.member === 'node') && state.version !== undefined ? [state.version] : [],
  );
}

/** What a cluster remembers while a change is under way. */

import { type Clusterfile, writeClusterfile } from '../../clusterfile/index.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import type { SavedState } from '../state/saved-state.ts';

/** The state that a run begins with: the new image and Clusterfile, and the members that there are. */
export function nextState(clusterfile: Clusterfile, image: RunnableImage, saved: SavedState | undefined): SavedState {
  const next = { name: image.name, digest: image.digest, kubeVersion: image.kubeVersion };
  const isOther = saved !== undefined && saved.image.digest !== image.digest;
  return {
    version: 1,
    serial: saved?.serial ?? 0,
    name: clusterfile.cluster.name,
    runtime: image.runtime ?? saved?.runtime ?? 'kubeadm',
    image: next,
    previous: isOther ? saved.image : saved?.previous,
    clusterfile: writeClusterfile(clusterfile),
    masters: saved?.masters ?? [],
    nodes: saved?.nodes ?? [],
    leftovers: saved?.leftovers,
    registryHosts: saved?.registryHosts ?? [],
    launched: saved?.launched ?? {},
    apps: saved?.apps ?? {},
    appImages: saved?.appImages ?? [],
    settings: saved?.settings,
    sans: saved?.sans ?? [],
    nodeSettings: saved?.nodeSettings ?? {},
  };
}

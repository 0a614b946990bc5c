/** The Clusterfile in the cluster itself, for people and tools that look there; without secrets. */

import type { Run } from './run.ts';

/** ConfigMap `kube-system/sealer-clusterfile`, as the Go sealer names it. */
export async function saveConfigMap({ runtime, state, signal }: Run): Promise<void> {
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'sealer-clusterfile', namespace: 'kube-system' },
    data: { Clusterfile: state.clusterfile, image: state.image.name, digest: state.image.digest },
  };
  await runtime.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(map), signal });
}

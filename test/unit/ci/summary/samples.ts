/** Results of actions, as summaries get them. */

import type { BuildResult, BuiltPlatform } from '../../../../src/build/index.ts';
import type { PicturedCluster } from '../../../../src/ci/summary/index.ts';
import { type Timeline, timelineRecorder } from '../../../../src/ci/timeline.ts';
import type { Plan } from '../../../../src/cluster/index.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../../src/oci/media-types.ts';

const DIGEST = digestOf('x');

/** What a name may try: tags, mentions, tables, code, ends of blocks and lines, mermaid's own signs. */
export const HOSTILE =
  '</td></script><script>alert(1)</script> `x` | @team "]; click a href "javascript:x" \n\n```\n# ![x](http://evil.test/x) %%{init: {}}%% :::a; end';

export function builtPlatform(parts: Partial<BuiltPlatform> = {}): BuiltPlatform {
  return {
    platform: { os: 'linux', architecture: 'amd64' },
    manifest: { mediaType: OCI_MANIFEST, digest: DIGEST, size: 1 },
    config: DIGEST,
    layers: [
      { digest: DIGEST, size: 1000, kind: 'rootfs', createdBy: 'RUN echo "<script>" | @team\n\n# x', cached: true },
    ],
    images: [{ reference: 'docker.io/library/nginx:1.25', digest: DIGEST, bytes: 12_300_000, app: '<b>' }],
    ...parts,
  };
}

export function buildResult(...platforms: readonly BuiltPlatform[]): BuildResult {
  return {
    digest: DIGEST,
    imageId: DIGEST,
    descriptor: { mediaType: OCI_INDEX, digest: DIGEST, size: 1 },
    tags: ['docker.io/library/shop:v1'],
    platforms,
    ...{ reusedBytes: 5000, fetchedBytes: 12_300_000, problems: [], materials: [] },
    timings: [{ phase: 'layers', ms: 1200 }],
  };
}

export function planOf(steps: number, hosts: readonly string[], text = 'Join'): Plan {
  return {
    cluster: 'shop',
    image: { name: 'docker.io/library/shop:v1', digest: DIGEST, kubeVersion: 'v1.33.4' },
    runtime: 'kubeadm',
    steps: Array.from({ length: steps }, (_, i) => ({
      ...{ id: `step ${i}`, kind: 'join-nodes', title: `${text} ${i}`, hosts, reason: 'it is new', risk: 'none' },
    })),
    warnings: [],
  };
}

export function cluster(masters: number, nodes: number, parts: Partial<PicturedCluster> = {}): PicturedCluster {
  return {
    ...{ name: 'shop', runtime: 'kubeadm v1.33.4', image: 'shop:v1', registry: 'sea.hub:5000' },
    masters: Array.from({ length: masters }, (_, i) => `10.0.0.${i + 1}`),
    nodes: Array.from({ length: nodes }, (_, i) => ({ address: `10.0.1.${i + 1}`, notes: [] })),
    registryHosts: ['10.0.0.1'],
    ...parts,
  };
}

/** A timeline made from progress: phases one after the other, each with its tasks one after the other. */
export function timelineOf(
  phases: Readonly<Record<string, readonly (readonly [label: string, ms: number])[]>>,
): Timeline {
  let now = 0;
  const { report, timeline } = timelineRecorder(() => now);
  for (const [title, tasks] of Object.entries(phases)) {
    report({ type: 'phase', title });
    for (const [i, [label, ms]] of tasks.entries()) {
      report({ type: 'start', id: `${title} ${i}`, label, unit: 'items' });
      now += ms;
      report({ type: 'end', id: `${title} ${i}`, outcome: 'done' });
    }
  }
  return timeline();
}

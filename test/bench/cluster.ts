/** A temporary cluster: how long until it is ready, and how much of that is ours. */

import { join } from 'node:path';
import { labEngine } from '../lab/engine.ts';
import { labClusterImage, needsCluster } from '../lab/kubernetes/cluster-image.ts';
import { writeFiles } from '../lab/scratch.ts';
import { measure } from './measure.ts';
import type { BenchSession } from './session.ts';
import { sealerLine } from './session.ts';

interface Timings {
  readonly clusterTimings?: { readonly engineMs: number; readonly readyMs: number; readonly ourMs: number };
}

export async function benchCluster({ folder, rows }: BenchSession): Promise<void> {
  const absent = needsCluster();
  if (absent !== false) {
    process.stderr.write(`bench: cluster skipped: ${absent}\n`);
    return;
  }
  await using engine = await labEngine();
  if (engine.skip !== false) return;
  const image = await labClusterImage(engine);
  const context = join(folder, 'on-cluster');
  const shown: { readyMs: number; ourMs: number }[] = [];
  for (let round = 0; round < 3; round++) {
    writeFiles(context, { Kubefile: `FROM scratch\nENV ROUND=${round}\nRUN --cluster kubectl get nodes > nodes\n` });
    const line = sealerLine(join(folder, 'cluster-home'), ['build', '--cluster-image', image, '--json', context]);
    const { stdout } = await measure({ ...line, env: { ...line.env, ...engine.env } });
    const { clusterTimings } = JSON.parse(stdout) as Timings;
    if (clusterTimings !== undefined) shown.push(clusterTimings);
  }
  const middle = shown.toSorted((a, b) => a.readyMs - b.readyMs)[Math.floor(shown.length / 2)];
  if (middle === undefined) throw new Error('no cluster was measured');
  const share = middle.ourMs / middle.readyMs;
  rows.push({
    what: 'temporary cluster ready',
    ours: `${(middle.readyMs / 1000).toFixed(1)} s`,
    peer: '',
    ratio: `${(middle.ourMs / 1000).toFixed(2)} s of it ours`,
    target: '≤ 10 % ours',
    met: share <= 0.1,
  });
}

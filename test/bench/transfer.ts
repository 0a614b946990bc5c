/** Moving a gigabyte. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from '../lab/tools.ts';
import { measure, pair } from './measure.ts';
import { against, type BenchSession, pushImage, ROUNDS, sealerLine } from './session.ts';

/** One gigabyte in four layers, to and from docker-registry. */
export async function benchTransfer(session: BenchSession): Promise<void> {
  const { folder, registry, rows, peaks } = session;
  const crane = findTool('crane') ?? 'crane';
  const layout = join(folder, 'big');
  const reference = `${registry.address}/bench/big:v1`;
  await pushImage(session, 'big', 'v1', 256, { layers: 4, group: 'bench' });
  const home = join(folder, 'pull-home');
  const pulls = await pair(
    { ...sealerLine(home, ['pull', reference]), before: () => rmSync(home, { recursive: true, force: true }) },
    {
      argv: [crane, 'pull', '--format', 'oci', '--insecure', reference, layout],
      before: () => rmSync(layout, { recursive: true, force: true }),
    },
    ROUNDS,
  );
  peaks.push(pulls.a.peak);
  rows.push(against('pull 1 GB', 'crane', pulls));

  const ours = `${registry.address}/bench/to-ours:v1`;
  const theirs = `${registry.address}/bench/to-theirs:v1`;
  await measure(sealerLine(home, ['tag', reference, ours]));
  const forget = () => rmSync(join(registry.root, 'docker'), { recursive: true, force: true });
  const pushes = await pair(
    { ...sealerLine(home, ['push', ours]), before: forget },
    { argv: [crane, 'push', '--insecure', layout, theirs], before: forget },
    ROUNDS,
  );
  peaks.push(pushes.a.peak);
  rows.push(against('push 1 GB', 'crane', pushes));
}

/** Building: cold, again, with a lock, and what a change costs. */

import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFiles } from '../lab/scratch.ts';
import { findTool } from '../lab/tools.ts';
import { type CommandLine, measure, pair } from './measure.ts';
import { type BenchSession, megabytes, pushImage, ROUNDS, repeat, sealerLine, seconds } from './session.ts';

/** Six container images, about 175 MB, and a manifest that names them. */
export async function benchBuild(session: BenchSession): Promise<void> {
  const { folder, registry, rows, peaks } = session;
  const crane = findTool('crane') ?? 'crane';
  const images = ['web', 'api', 'queue', 'search', 'cache', 'cron'].map((name, i) => ({
    name,
    megabytes: [40, 30, 35, 30, 30, 10][i] ?? 10,
  }));
  const references = images.map(({ name }) => `${registry.address}/shop/${name}:v1`);
  for (const { name, megabytes } of images) await pushImage(session, name, 'v1', megabytes);
  const context = join(folder, 'shop');
  writeFiles(context, { Kubefile: 'FROM scratch\nCOPY manifests manifests/\nCMD kubectl apply -f manifests\n' });
  writeManifest(context, references);

  const home = join(folder, 'home');
  const target = `${registry.address}/bench/shop:v1`;
  const build: CommandLine = sealerLine(home, ['build', '-t', target, '--json', '-q', context]);
  const cold = { ...build, before: () => rmSync(home, { recursive: true, force: true }) };
  const layout = join(folder, 'layout');
  const pulled: CommandLine = {
    argv: [crane, 'pull', '--format', 'oci', '--insecure', ...references, layout],
    before: () => rmSync(layout, { recursive: true, force: true }),
  };
  const both = await pair(cold, pulled, ROUNDS);
  peaks.push(both.a.peak);
  const over = both.a.wall - both.b.wall;
  rows.push({
    what: 'cold build, 6 images, 175 MB',
    ours: seconds(both.a),
    peer: `crane pull ${seconds(both.b)}`,
    ratio: `${both.ratio.toFixed(2)}×, ${over >= 0 ? '+' : ''}${over.toFixed(2)} s`,
    target: '≤ crane + 0.3 s',
    met: over <= 0.3,
  });

  const again = await repeat(session, build);
  const fetched = JSON.parse(again.stdout).fetchedBytes as number;
  rows.push({
    what: 'rebuild, nothing changed',
    ours: seconds(again),
    peer: '',
    ratio: `${fetched} bytes fetched`,
    target: '≤ 0.3 s, 0 bytes',
    met: again.wall <= 0.3 && fetched === 0,
  });

  await benchLock(session, context, references);
  peaks.push((await measure(sealerLine(home, ['push', target]))).peak);
  await pushImage(session, 'cron', 'v2', 10);
  writeManifest(context, [...references.slice(0, -1), `${registry.address}/shop/cron:v2`]);
  peaks.push((await measure(build)).peak);
  const before = diskUse(registry.root);
  peaks.push((await measure(sealerLine(home, ['push', target]))).peak);
  const moved = diskUse(registry.root) - before;
  rows.push({
    what: 'push after one 10 MB image of six changed',
    ours: megabytes(moved),
    peer: '10.0 MB changed',
    ratio: `${(moved / 1e7).toFixed(2)}×`,
    target: '≤ 1.1×',
    met: moved <= 1.1e7,
  });
}

/** The second build beside a lock: no tag is resolved, nothing is fetched. */
async function benchLock(session: BenchSession, context: string, references: readonly string[]): Promise<void> {
  const locked = join(session.folder, 'locked');
  cpSync(context, locked, { recursive: true });
  writeManifest(locked, references);
  const home = join(session.folder, 'locked-home');
  await measure(sealerLine(home, ['build', '--lock', '-q', locked]));
  const again = await repeat(session, sealerLine(home, ['build', '--locked', '--json', '-q', locked]));
  const fetched = JSON.parse(again.stdout).fetchedBytes as number;
  session.rows.push({
    what: 'second build of the same lock',
    ours: seconds(again),
    peer: '',
    ratio: `${fetched} bytes fetched`,
    target: '≤ 0.5 s, 0 bytes',
    met: again.wall <= 0.5 && fetched === 0,
  });
}

function writeManifest(context: string, references: readonly string[]): void {
  const containers = references.map((image, i) => `        - { name: c${i}, image: "${image}" }`).join('\n');
  writeFiles(context, {
    'manifests/shop.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers:
${containers}
`,
  });
}

function diskUse(path: string): number {
  return Number(spawnSync('du', ['-sb', path], { encoding: 'utf8' }).stdout.split('\t')[0]);
}

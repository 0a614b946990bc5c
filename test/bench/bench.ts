/**
 * `npm run bench`: the speed promises as ratios to a peer in the same run. Needs docker-registry and crane
 * (test/lab/install-peers) and 5 GB of disk; `--only NAME` runs one part. It reports and never fails: a figure that misses its
 * target is printed as missed.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { cliCommand } from '../lab/cli.ts';
import { pushContainerImage } from '../lab/container-image.ts';
import { startDockerRegistry } from '../lab/docker-registry.ts';
import { noise, temporaryFolder, writeFiles } from '../lab/scratch.ts';
import { findTool, needs } from '../lab/tools.ts';
import { type CommandLine, type Measurement, measure, median, pair, printTable, type Row } from './measure.ts';

const absent = needs('docker-registry', 'crane', 'tar', 'gzip');
if (absent !== false) {
  process.stderr.write(`bench: ${absent}\n`);
  process.exit(1);
}
const crane = findTool('crane') ?? 'crane';
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const ROUNDS = 5;
const MEMORY_TARGET = 256;

await using folder = await temporaryFolder('bench');
await using registry = await startDockerRegistry();
const peaks: number[] = [];
const rows: Row[] = [];

process.stdout.write(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node.js ${process.version}\n`);
const parts: Record<string, () => Promise<void>> = { build: benchBuild, transfer: benchTransfer, pack: benchPack };
for (const [name, part] of Object.entries(parts)) {
  if (only !== undefined && only !== name) continue;
  process.stderr.write(`bench: ${name} …\n`);
  await part();
}
const peak = Math.max(...peaks);
rows.push({
  what: 'peak resident memory of any run',
  ours: `${peak.toFixed(0)} MiB`,
  peer: '',
  ratio: '',
  target: `< ${MEMORY_TARGET} MiB`,
  met: peak < MEMORY_TARGET,
});
printTable(rows);

/** Six container images, about 175 MB, and a manifest that names them. */
async function benchBuild(): Promise<void> {
  const images = ['web', 'api', 'queue', 'search', 'cache', 'cron'].map((name, i) => ({
    name,
    megabytes: [40, 30, 35, 30, 30, 10][i] ?? 10,
  }));
  const references = images.map(({ name }) => `${registry.address}/shop/${name}:v1`);
  for (const { name, megabytes } of images) await pushImage(name, 'v1', megabytes);
  const context = join(folder.path, 'shop');
  writeFiles(context, { Kubefile: 'FROM scratch\nCOPY manifests manifests/\nCMD kubectl apply -f manifests\n' });
  writeManifest(context, references);

  const home = join(folder.path, 'home');
  const target = `${registry.address}/bench/shop:v1`;
  const build: CommandLine = sealerLine(home, ['build', '-t', target, '--json', '-q', context]);
  const cold = { ...build, before: () => rmSync(home, { recursive: true, force: true }) };
  const layout = join(folder.path, 'layout');
  const pulled: CommandLine = {
    argv: [crane, 'pull', '--format', 'oci', '--insecure', ...references, layout],
    before: () => rmSync(layout, { recursive: true, force: true }),
  };
  const both = await pair(cold, pulled, ROUNDS);
  note(both.a);
  const over = both.a.wall - both.b.wall;
  rows.push({
    what: 'cold build, 6 images, 175 MB',
    ours: seconds(both.a),
    peer: `crane pull ${seconds(both.b)}`,
    ratio: `${both.ratio.toFixed(2)}×, ${over >= 0 ? '+' : ''}${over.toFixed(2)} s`,
    target: '≤ crane + 0.3 s',
    met: over <= 0.3,
  });

  const again = await repeat(build);
  const fetched = JSON.parse(again.stdout).fetchedBytes as number;
  rows.push({
    what: 'rebuild, nothing changed',
    ours: seconds(again),
    peer: '',
    ratio: `${fetched} bytes fetched`,
    target: '≤ 0.3 s, 0 bytes',
    met: again.wall <= 0.3 && fetched === 0,
  });

  note(await measure(sealerLine(home, ['push', target])));
  await pushImage('cron', 'v2', 10);
  writeManifest(context, [...references.slice(0, -1), `${registry.address}/shop/cron:v2`]);
  note(await measure(build));
  const before = diskUse(registry.root);
  note(await measure(sealerLine(home, ['push', target])));
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

/** One gigabyte in four layers, to and from docker-registry. */
async function benchTransfer(): Promise<void> {
  const layout = join(folder.path, 'big');
  const reference = `${registry.address}/bench/big:v1`;
  await pushImage('big', 'v1', 256, 4, 'bench');
  const home = join(folder.path, 'pull-home');
  const pulls = await pair(
    { ...sealerLine(home, ['pull', reference]), before: () => rmSync(home, { recursive: true, force: true }) },
    {
      argv: [crane, 'pull', '--format', 'oci', '--insecure', reference, layout],
      before: () => rmSync(layout, { recursive: true, force: true }),
    },
    ROUNDS,
  );
  note(pulls.a);
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
  note(pushes.a);
  rows.push(against('push 1 GB', 'crane', pushes));
}

/** 600 MB of this machine's own files into one layer. */
async function benchPack(): Promise<void> {
  const context = join(folder.path, 'pack');
  const size = copySome('/usr', join(context, 'rootfs'), 600e6);
  writeFiles(context, { Kubefile: 'FROM scratch\nCOPY rootfs/ .\n' });
  const home = join(folder.path, 'pack-home');
  const clean = () => rmSync(home, { recursive: true, force: true });
  const level = 6;
  const both = await pair(
    { ...sealerLine(home, ['build', '-t', 'pack:v1', context]), before: clean },
    {
      argv: [
        'tar',
        '--sort=name',
        '-C',
        context,
        '-I',
        `gzip -${level}`,
        '-cf',
        join(folder.path, 'out.tar.gz'),
        'rootfs',
      ],
    },
    2,
  );
  note(both.a);
  rows.push(against(`pack ${megabytes(size)} with gzip -${level}`, 'GNU tar', both));
}

async function pushImage(name: string, tag: string, size: number, layers = 1, group = 'shop'): Promise<void> {
  await pushContainerImage(`${registry.address}/${group}/${name}:${tag}`, {
    layers: Array.from({ length: layers }, (_, i) => ({
      [`${name}-${i}.bin`]: noise(size * 1_000_000, `${name}:${tag}:${i}`),
    })),
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

function sealerLine(home: string, args: readonly string[]): CommandLine {
  return { argv: [...cliCommand(true), ...args], env: { ...process.env, SEALER_HOME: home } };
}

async function repeat(line: CommandLine): Promise<Measurement> {
  const runs: Measurement[] = [];
  for (let i = 0; i < ROUNDS; i++) runs.push(await measure(line));
  const middle = median(runs);
  note(middle);
  return middle;
}

function against(what: string, peer: string, both: { a: Measurement; b: Measurement; ratio: number }): Row {
  return {
    what,
    ours: seconds(both.a),
    peer: `${peer} ${seconds(both.b)}`,
    ratio: `${both.ratio.toFixed(2)}×`,
    target: '≤ 1.0×',
    met: both.ratio <= 1.0,
  };
}

function note({ peak: each }: Measurement): void {
  peaks.push(each);
}

/** Copies files of a folder until `limit` bytes are there; gives how many they are. */
function copySome(from: string, to: string, limit: number): number {
  let size = 0;
  const walk = (path: string) => {
    for (const entry of readdirSync(join(from, path), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (size >= limit) return;
      const name = join(path, entry.name);
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile()) {
        const bytes = statSync(join(from, name)).size;
        if (bytes > limit / 4) continue;
        mkdirSync(join(to, path), { recursive: true });
        cpSync(join(from, name), join(to, name));
        size += bytes;
      }
    }
  };
  walk('.');
  return size;
}

function diskUse(path: string): number {
  return Number(spawnSync('du', ['-sb', path], { encoding: 'utf8' }).stdout.split('\t')[0]);
}

function seconds({ wall }: Measurement): string {
  return `${wall.toFixed(2)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

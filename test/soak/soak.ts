/**
 * `npm run soak`: kill -9 at random moments of build, push and pull, then a rerun that must finish, give the same digest, and
 * move only what was not there yet; then the same for runs on hosts of the lab (`--kills N`, default 20; `--faults N`, default
 * 6). `--short` is what CI runs, without the hosts, of which e2e has a short version; `--rounds N` and `--seed N` repeat a
 * long one.
 */

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomBy } from '../e2e/hosts/interruptions.ts';
import { sealer, sealerJson } from '../lab/cli.ts';
import { pushContainerImage } from '../lab/container-image.ts';
import { startDockerRegistry } from '../lab/docker-registry.ts';
import { startFaultyProxy } from '../lab/faulty-proxy.ts';
import { noise, temporaryFolder, writeFiles } from '../lab/scratch.ts';
import { needs, runTool } from '../lab/tools.ts';
import { soakHosts } from './hosts.ts';

const option = (name: string) =>
  process.argv.includes(name) ? Number(process.argv[process.argv.indexOf(name) + 1]) : undefined;
const rounds = option('--rounds') ?? (process.argv.includes('--short') ? 3 : 40);
const seed = option('--seed') ?? Date.now() % 1e6;
const random = randomBy(seed);

const absent = needs('docker-registry', 'crane', 'skopeo', 'umoci');
if (absent !== false) {
  process.stdout.write(`soak: skipped, ${absent}\n`);
  process.exit(0);
}

await using folder = await temporaryFolder('soak');
await using registry = await startDockerRegistry();
// Slow enough that a kill lands in the middle of a blob.
await using proxy = await startFaultyProxy({ upstream: registry.address, throttle: 5e6 });

/** What may be fetched twice for each blob in flight: buffers that were not yet written when the process died. */
const MARGIN = 4 * 2 * 1024 * 1024;

const IMAGES = ['web', 'api', 'db'];
const BLOB = 4_000_000;
for (const name of IMAGES) {
  await pushContainerImage(`${registry.address}/soak/${name}:v1`, {
    layers: [{ [name]: noise(BLOB, name) }, { more: noise(BLOB, `${name}2`) }],
  });
}
const context = join(folder.path, 'context');
writeFiles(context, {
  Kubefile: 'FROM scratch\nCOPY data data/\nRUN cp data/noise data/copy\nCOPY manifests manifests/\n',
  'data/noise': noise(3_000_000, 'data'),
  'manifests/imageList': IMAGES.map((name) => `${proxy.address}/soak/${name}:v1\n`).join(''),
});
const target = `${proxy.address}/soak/cluster:v1`;
const total = IMAGES.length * 2 * BLOB;
const expected = (await build('reference')).digest;
process.stdout.write(
  `soak: seed ${seed}, ${rounds} rounds, ${(total / 1e6).toFixed(0)} MB of container images, digest ${expected.slice(0, 19)}\n`,
);

for (let round = 1; round <= rounds; round++) {
  const home = join(folder.path, `home-${round}`);
  const killedBuild = await killed(['build', '-t', target, context], home);
  const before = proxy.downloaded;
  const built = await build(`home-${round}`);
  assert.equal(built.digest, expected, 'a rerun after a killed build gives the same image');
  const fetched = proxy.downloaded - before;
  assert.ok(
    killedBuild.downloaded + fetched <= total * 1.05 + 2 * MARGIN,
    `build: ${killedBuild.downloaded} + ${fetched} bytes for ${total}`,
  );

  forgetCluster();
  const killedPush = await killed(['push', target], home);
  const pushed = await sealerJson<{ digest: string }>(['push', target], { home });
  assert.equal(pushed.digest, expected);

  const pullHome = join(folder.path, `pull-${round}`);
  const killedPull = await killed(['pull', target], pullHome);
  const beforePull = proxy.downloaded;
  const pulled = await sealerJson<{ digest: string }>(['pull', target], { home: pullHome });
  assert.equal(pulled.digest, expected);
  const repulled = proxy.downloaded - beforePull;
  await readableByOthers(pullHome, round);
  const swept = await sealer(['prune'], { home: pullHome });
  assert.equal(swept.code, 0, swept.stderr);
  process.stdout.write(
    `  ${round}: build killed after ${ms(killedBuild)} (${mb(killedBuild.downloaded)}, then ${mb(fetched)}), push after ${ms(killedPush)}, ` +
      `pull after ${ms(killedPull)} (${mb(killedPull.downloaded)}, then ${mb(repulled)})\n`,
  );
  for (const path of [home, pullHome]) rmSync(path, { recursive: true, force: true });
}
process.stdout.write(`soak: ${rounds} passed, 0 failed\n`);
if (!process.argv.includes('--short')) {
  await soakHosts({ kills: option('--kills') ?? 20, faults: option('--faults') ?? 6, seed });
}

async function build(store: string): Promise<{ digest: string }> {
  return sealerJson(['build', '-t', target, context], { home: join(folder.path, store) });
}

/** Starts a command and kills it at a random moment, by -9. It may also have ended by then. */
async function killed(args: readonly string[], home: string): Promise<{ after: number; downloaded: number }> {
  const before = proxy.downloaded;
  const after = 400 + random() * 2000;
  let timer: NodeJS.Timeout | undefined;
  await sealer(args, {
    home,
    onStart: (pid) => {
      timer = setTimeout(() => process.kill(pid, 'SIGKILL'), after);
    },
  });
  clearTimeout(timer);
  return { after, downloaded: proxy.downloaded - before };
}

/** The registry forgets the cluster image and its blobs, and keeps the container images it is made of. */
function forgetCluster(): void {
  rmSync(join(registry.root, 'docker/registry/v2/repositories/soak/cluster'), { recursive: true, force: true });
}

async function readableByOthers(home: string, round: number): Promise<void> {
  await runTool('skopeo', [
    'copy',
    '-q',
    '--all',
    `oci:${home}:${target}`,
    `oci:${join(folder.path, 'copy')}:r${round}`,
  ]);
  rmSync(join(folder.path, 'copy'), { recursive: true, force: true });
}

function ms({ after }: { after: number }): string {
  return `${after.toFixed(0)} ms`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

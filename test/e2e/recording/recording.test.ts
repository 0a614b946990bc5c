/**
 * Nothing is missed: an image that only an operator asks for is found by a recording, kept by the lock, proven by a
 * verification; and one that is taken out is named by it.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CliResult, sealer, sealerJson } from '../../lab/cli.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { type LabEngine, labEngine } from '../../lab/engine.ts';
import { labClusterImage, needsCluster } from '../../lab/kubernetes/cluster-image.ts';
import { OPERATOR_NEEDS, type OperatorApp, operatorApp } from '../../lab/operator/operator-app.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';

interface Built {
  readonly digest: string;
  readonly fetchedBytes: number;
  readonly platforms: readonly { readonly images: readonly { readonly reference: string; found?: string[] }[] }[];
}

interface Verified {
  readonly ok: boolean;
  readonly used: readonly string[];
  readonly missing: readonly { readonly name: string; readonly askers: readonly string[] }[];
  readonly unused: readonly { readonly name: string; readonly bytes: number }[];
}

const SKIP = needsCluster() || OPERATOR_NEEDS || needs('docker-registry');

describe('recording and verification', { skip: SKIP, timeout: 900_000 }, () => {
  const resources = new AsyncDisposableStack();
  let engine: LabEngine;
  let clusterImage: string;
  let app: OperatorApp;
  let folder: string;
  let home: string;
  let env: Readonly<Record<string, string>>;

  const cluster = () => ['--cluster-image', clusterImage, '--cluster-timeout', '4m', '--cluster-settle', '4s'];
  const run = (...args: string[]): Promise<CliResult> => sealer(args, { home, cwd: folder, env });
  const json = <T>(...args: string[]): Promise<T> => sealerJson<T>(args, { home, cwd: folder, env });
  const names = ({ platforms }: Built) => platforms.flatMap(({ images }) => images.map(({ reference }) => reference));

  before(async () => {
    const started = resources.use(await labEngine());
    assert.equal(started.skip, false);
    engine = started;
    clusterImage = await labClusterImage(engine);
    env = { ...engine.env, PATH: process.env.PATH ?? '' };
    const upstream = resources.use(await startDockerRegistry());
    app = await operatorApp(upstream.address);
    folder = resources.use(await temporaryFolder('recording')).path;
    home = join(folder, 'home');
    writeFiles(folder, { Kubefile: app.kubefile, ...app.manifests });
  });
  after(() => resources.disposeAsync());

  const nothingIsLeft = async () => {
    assert.equal((await engine.podman('ps', '--all', '--quiet')).trim(), '', 'containers');
    assert.equal((await engine.podman('volume', 'ls', '--quiet')).trim(), '', 'volumes');
    assert.doesNotMatch(await engine.podman('network', 'ls', '--format', '{{.Name}}'), /sealer/, 'networks');
  };

  test('without a recording, what only the operator asks for is not in the image', async () => {
    const built = await json<Built>('build', '-t', 'lab:files', '.');
    assert.deepEqual(names(built), [app.images.operator, app.images.web].sort());
  });

  test('verify names the missing image and the workload that asked for it, and leaves nothing behind', async () => {
    const failed = await run('verify', ...cluster(), '--json', 'lab:files');
    assert.equal(failed.code, 1, failed.stderr);
    const seen = JSON.parse(failed.stdout) as Verified;
    assert.equal(seen.ok, false);
    assert.deepEqual(
      seen.missing.map(({ name }) => name),
      [app.images.worker],
    );
    assert.match(seen.missing[0]?.askers.join() ?? '', /Deployment lab-operator\/worker/);
    assert.match(failed.stderr, /VERIFY_FAILED/);
    assert.match(failed.stderr, new RegExp(app.images.worker));
    await nothingIsLeft();
  });

  test('a recording finds it, says how, and writes it into the lock', async () => {
    const built = await json<Built>('build', '--record', '--lock', ...cluster(), '-t', 'lab:recorded', '.');
    assert.deepEqual(names(built), [app.images.operator, app.images.web, app.images.worker].sort());
    const worker = built.platforms[0]?.images.find(({ reference }) => reference === app.images.worker);
    assert.match(worker?.found?.join() ?? '', /pulled by Deployment lab-operator\/worker/);
    const lock = readFileSync(join(folder, 'images.lock'), 'utf8');
    assert.ok(lock.includes(app.images.worker));
    assert.match(lock, /found by recording/);
    assert.ok(lock.includes(app.digests.get(app.images.worker) ?? '?'));
    await nothingIsLeft();
  });

  test('a build with the lock has the recorded image, asks nobody, and gives the same digest', async () => {
    const recorded = await json<Built>('inspect', 'lab:recorded');
    const built = await json<Built>('build', '--locked', '--offline', '-t', 'lab:locked', '.');
    assert.equal(built.fetchedBytes, 0);
    assert.deepEqual(names(built), [app.images.operator, app.images.web, app.images.worker].sort());
    const locked = await json<Built>('inspect', 'lab:locked');
    assert.equal(locked.digest, recorded.digest);
  });

  test('verify proves the complete image, isolated from everything but its bundle', async () => {
    const proven = await run('verify', ...cluster(), '--json', 'lab:recorded');
    assert.equal(proven.code, 0, proven.stderr);
    const seen = JSON.parse(proven.stdout) as Verified;
    assert.deepEqual([seen.ok, seen.missing, seen.unused], [true, [], []]);
    assert.deepEqual([...seen.used].sort(), Object.values(app.images).sort());
    await nothingIsLeft();
  });

  test('RUN --cluster works on a cluster, and keeps what it writes', async () => {
    writeFiles(folder, {
      'on-cluster/Kubefile': 'FROM scratch\nRUN --cluster kubectl get --raw /version > version.json\n',
    });
    const built = await run('build', ...cluster(), '-t', 'lab:run', 'on-cluster');
    assert.equal(built.code, 0, built.stderr);
    const again = await run('build', '-t', 'lab:again', 'on-cluster');
    assert.equal(again.code, 0, 'what the command wrote is cached: no cluster is needed again');
    await nothingIsLeft();
  });

  test('a workload that never gets ready is named, with its events', async () => {
    writeFiles(folder, {
      'broken/Kubefile': 'FROM scratch\nAPP broken manifests\nLAUNCH ["broken"]\n',
      'broken/manifests/pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: never}
spec: {containers: [{name: web, image: "${app.images.web}", command: ["/absent"]}]}
`,
    });
    const failed = await run('build', '--record', ...cluster(), '--cluster-timeout', '25s', 'broken');
    assert.equal(failed.code, 1, failed.stderr);
    assert.match(failed.stderr, /error\[WORKLOADS_NOT_READY\]/);
    assert.match(failed.stderr, /Pod default\/never/);
    assert.match(failed.stderr, /absent/);
    await nothingIsLeft();
  });
});

/**
 * The jobs of our workflows that make clusters, run whole: hosts are containers of the lab's engine, upstream is a mirror on loopback, and
 * its k3s the lab’s stand-in.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { folderStorage, type RunningRegistry, serveRegistry } from '../../../src/registry/server/index.ts';
import { type Mirror, startMirror } from '../../lab/base-images/mirror.ts';
import { pushRealImages, realKubernetes } from '../../lab/base-images/real-kubernetes.ts';
import { type LabRegistry, startLabRegistry } from '../../lab/base-images/registry.ts';
import { sha256 } from '../../lab/base-images/upstream.ts';
import { PROJECT, sealer } from '../../lab/cli.ts';
import { labEngine } from '../../lab/engine.ts';
import { needsBaseImages } from '../../lab/hosts/base-image.ts';
import { containerHostImage } from '../../lab/hosts/container-host.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { LAB_KUBERNETES_BIN } from '../../lab/kubernetes/cluster-image.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needsStandIns, standInProgram } from '../../lab/stand-ins/base-images.ts';
import { needs } from '../../lab/tools.ts';
import { dispatch, push } from '../../lab/workflow/events.ts';
import { type EndedRun, runWorkflow, type WorkflowRunOptions } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';
import { copyTree, npmStandIn, pathWith } from '../../lab/workflow/tree.ts';

const KUBERNETES = 'v1.20.2';
const K3S = `${KUBERNETES}+k3s1`;
const PAUSE = 'docker.io/rancher/mirrored-pause:3.1';
const TOKEN = 'ghs_clusters_token';
const VERSIONS = 'images/k3s/versions.yaml';

const skip = unlessLong(needsBaseImages() || needsStandIns() || needs('git', 'jq', 'crane'));

suite('clusters of workflows', () => {
  const stack = new AsyncDisposableStack();
  let root = '';
  let tree = '';
  let mirror: Mirror;
  let registry: RunningRegistry;
  let images: LabRegistry;
  let runs = 0;
  let env: Readonly<Record<string, string>> = {};
  let path = '';

  before(async () => {
    // A suite that is skipped as a whole is not counted.
    if (skip !== false) return;
    root = stack.use(await temporaryFolder('clusters')).path;
    tree = join(root, 'tree');
    const real = await realKubernetes(KUBERNETES);
    putK3s(real.files, await standInProgram('k3s', K3S), join(root, 'pause.tar'));
    mirror = stack.use(await startMirror(real.files));
    images = stack.use(await startLabRegistry(join(root, 'images'), []));
    await pushRealImages(real, images, KUBERNETES);
    const users = new Map([['octocat', TOKEN]]);
    registry = stack.use(await serveRegistry({ storage: folderStorage(join(root, 'registry')), users }));
    const engine = stack.use(await labEngine());
    assert.ok(engine.skip === false, String(engine.skip));
    const host = stack.use(await containerHostImage(engine, { standIns: true }));
    copyTree(tree, (name, text) => alter(name, text, registry.address, `${images.address}/k8s.gcr.io/pause:3.2`));
    path = pathWith(join(root, 'bin'), {
      npm: npmStandIn(join(root, 'told')),
      // What is built is there already. The engine's storage is below the home that is not the job's.
      docker: `export HOME='${homedir()}'; test "$1 $2" = 'build -t'; '${join(PROJECT, 'test/lab/engine/podman')}' tag '${host.name}' "$3"`,
    });
    path = `${path}:${LAB_KUBERNETES_BIN}`;
    env = { ...engine.env, SEALER_MIRRORS: mirrorsOf(mirror) };
  });
  after(() => stack.disposeAsync());

  const run = (more: Pick<WorkflowRunOptions, 'file' | 'happening' | 'only'>): Promise<EndedRun> => {
    const { resolver } = standIns({
      ...{ tree, release: tree, artifacts: join(root, 'artifacts') },
      others: { 'actions/attest': async () => ({ code: 0, outputs: new Map() }) },
    });
    runs += 1;
    const home = join(root, `home-${runs}`);
    return runWorkflow({
      ...{ tree, resolver, runtime: {}, path, setting: { token: TOKEN }, folder: join(root, `jobs-${runs}`) },
      env: { ...env, HOME: home, SEALER_HOME: join(home, 'store') },
      ...more,
    });
  };

  test('base-images.yml: what is built boots, with a pod that runs offline, and is published', { skip }, async () => {
    const updated = await sealer(
      ['images', 'versions', 'k3s', '--update', '--folder', join(tree, 'images'), ...mirror.flags],
      { home: join(root, 'update') },
    );
    assert.equal(updated.code, 0, updated.stderr);
    const whole = await run({ file: '.github/workflows/base-images.yml', happening: dispatch() });
    assert.ok(whole.success, whole.log.slice(-20_000));
    const results = Object.values(whole.jobs).map(({ id, result }) => `${id}: ${result}`);
    assert.deepEqual(results, ['prepare: success', 'build: success', 'boot: success', 'publish: success']);
    const answer = await fetch(`${registry.url}/v2/sealer/k3s/tags/list`, {
      headers: { authorization: `Basic ${Buffer.from(`octocat:${TOKEN}`).toString('base64')}` },
    });
    const { tags } = (await answer.json()) as { readonly tags: readonly string[] };
    assert.deepEqual([...tags].sort(), ['v1.20', KUBERNETES, `${KUBERNETES}-r1`]);
  });

  test('ci.yml: a cluster of what is current upstream, by our own actions', { skip }, async () => {
    const ended = await run({ file: '.github/workflows/ci.yml', happening: push(), only: ['clusters'] });
    assert.ok(ended.success, ended.log.slice(-20_000));
    assert.match(ended.jobs.clusters?.cells[0]?.summary ?? '', /```mermaid/);
  });
});

/** The workflows as they are, but for the machines that are not here, and for signing, which needs GitHub. */
function alter(name: string, text: string, registry: string, image: string): string {
  if (name === VERSIONS) {
    return text
      .replace(/^channels:.*$/m, 'channels: [stable]')
      .replace(/^architectures:.*$/m, 'architectures: [amd64]');
  }
  if (name === 'images/probe/probe.yaml') return text.replace(/registry\.k8s\.io\/pause:[\d.]+/, image);
  if (name === '.github/workflows/ci.yml') {
    return text
      .replace('runtime: [k3s, k0s, kubeadm]', 'runtime: [k3s]')
      .replaceAll('runner: [ubuntu-24.04, ubuntu-24.04-arm]', 'runner: [ubuntu-24.04]')
      .replace(/^ {8}include:\n {10}- \{ runtime: kubeadm.*\n/m, '');
  }
  if (name !== '.github/workflows/base-images.yml') return text;
  return text.replace('REGISTRY: ghcr.io', `REGISTRY: ${registry}`).replace(/^ {10}(?:sbom|sign): true\n/gm, '');
}

/** Puts a program that works, and the pause image that it asks for, into upstream's place. */
function putK3s(files: Map<string, Uint8Array>, program: string, archive: string): void {
  const config = '{"Entrypoint":["/pause"],"User":"65535:65535"}';
  const folder = `${archive}.d`;
  execFileSync('sh', ['-c', 'mkdir "$1" && cp "$2" "$1/pause"', 'sh', folder, join(LAB_KUBERNETES_BIN, 'pause')]);
  execFileSync(join(PROJECT, 'images/lab/container-image'), [archive, PAUSE, config, folder]);
  const base = `github.com/k3s-io/k3s/releases/download/${K3S}`;
  const parts = {
    k3s: readFileSync(program),
    'k3s-airgap-images-amd64.tar.zst': zstdCompressSync(readFileSync(archive)),
  };
  for (const [name, content] of Object.entries(parts)) files.set(`${base}/${name}`, content);
  const sums = Object.entries(parts).map(([name, content]) => `${sha256(content)}  ${name}\n`);
  files.set(`${base}/sha256sum-amd64.txt`, Buffer.from(sums.join('')));
}

function mirrorsOf({ mirrors }: Mirror): string {
  return Object.entries(mirrors)
    .map((each) => each.join('='))
    .join(',');
}

/** The composite actions, run for real: bash, file commands and log commands of a runner, and an embedded registry. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { openSetting, type Setting } from './setting.ts';

let setting: Setting;

before(async () => {
  setting = await openSetting();
});
after(() => setting[Symbol.asyncDispose]());

async function digestInRegistry(name: string, tag: string): Promise<string | null> {
  const response = await fetch(`${setting.registry.url}/v2/${name}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: 'application/vnd.oci.image.index.v1+json' },
  });
  return response.headers.get('docker-content-digest');
}

describe('actions/build', () => {
  test('builds, and hands on digest, ID, metadata, store and what was reused', async () => {
    const built = await setting.job('actions/build', setting.app(), {
      context: 'deploy',
      tags: 'shop:v1\nshop:latest',
      labels: 'team=a,b',
    });
    assert.ok(built.success, built.log);
    assert.match(built.outputs.digest ?? '', /^sha256:[a-f0-9]{64}$/);
    assert.match(built.outputs.imageid ?? '', /^sha256:[a-f0-9]{64}$/);
    assert.equal(built.outputs['oci-path'], built.store);
    assert.match(built.outputs['reused-bytes'] ?? '', /^\d+$/);
    const metadata = JSON.parse(built.outputs.metadata ?? '');
    assert.equal(metadata['containerimage.digest'], built.outputs.digest);
    assert.equal(metadata['image.name'], 'docker.io/library/shop:v1,docker.io/library/shop:latest');
    assert.equal(metadata['sealer.platforms'][0].images[0].reference, `${setting.registry.address}/demo/hello:v1`);
    assert.doesNotMatch(built.used.join(), /setup-node/, 'a new enough Node.js is not set up again');
    assert.deepEqual(built.annotations, []);
    assert.match(built.log, /::group::/);
  });

  test('writes a job summary with layers, container images and sizes, or none if told so', async () => {
    const built = await setting.job('actions/build', setting.app(), { context: 'deploy', tags: 'shop:v1' });
    for (const text of [
      'Cluster image',
      built.outputs.digest ?? '?',
      `${setting.registry.address}/demo/hello:v1`,
      'layers',
      'Reused',
    ]) {
      assert.ok(built.summary.includes(text), `${text} in ${built.summary}`);
    }
    const quiet = await setting.job('actions/build', setting.app(), { context: 'deploy', summary: 'false' });
    assert.ok(quiet.success, quiet.log);
    assert.equal(quiet.summary, '');
  });

  test('puts every problem of the Kubefile on its line, builds nothing, and gives no outputs', async () => {
    const built = await setting.job(
      'actions/build',
      { 'deploy/Kubefile': 'FROM scratch\nCPOY a b\nLAUNCH ["nothing"]\n' },
      { context: 'deploy' },
    );
    assert.ok(!built.success);
    assert.equal(built.outputs.digest, '');
    const [first] = built.annotations;
    assert.equal(first?.level, 'error');
    assert.equal(first?.properties.file, 'deploy/Kubefile');
    assert.equal(first?.properties.line, '2');
    assert.equal(first?.properties.title, 'sealer: UNKNOWN_INSTRUCTION');
    assert.match(first?.message ?? '', /COPY/);
    assert.ok(built.annotations.some(({ properties }) => properties.line === '3'));
    assert.match(built.summary, /^<h3>Failed: <code>KUBEFILE_INVALID<\/code><\/h3>/);
    assert.match(built.summary, /<td><code>UNKNOWN_INSTRUCTION<\/code><\/td>.*Kubefile:2/);
    const quiet = { context: 'deploy', summary: 'false' };
    const again = await setting.job('actions/build', { 'deploy/Kubefile': 'CPOY a b\n' }, quiet);
    assert.deepEqual([again.success, again.summary], [false, '']);
  });

  test('puts a manifest that cannot be read on its line: as an error, or with lint: warn as a warning first', async () => {
    const files = { ...setting.app(), 'deploy/manifests/broken.yaml': 'a: [\n' };
    const refused = await setting.job('actions/build', files, { context: 'deploy' });
    assert.ok(!refused.success);
    const places = refused.annotations.map(({ level, properties }) => `${level} ${properties.file}`);
    assert.ok(places.includes('error deploy/manifests/broken.yaml'), refused.log);
    const warned = await setting.job('actions/build', files, { context: 'deploy', lint: 'warn' });
    const levels = warned.annotations.map(({ level, properties }) => `${level} ${properties.file}`);
    assert.ok(levels.includes('warning deploy/manifests/broken.yaml'), warned.log);
  });

  test('puts a container image that does not exist on the line that names it', async () => {
    const built = await setting.job('actions/build', setting.app(`${setting.registry.address}/demo/absent:v9`), {
      context: 'deploy',
      tags: 'shop:v1',
    });
    assert.ok(!built.success);
    const found = built.annotations.find(({ properties }) => properties.line === '7');
    assert.equal(found?.properties.file, 'deploy/manifests/pod.yaml', built.log);
    assert.match(found?.message ?? '', /absent:v9/);
  });

  test('gives secrets to RUN, and the log shows none of them', async () => {
    const kubefile = [
      'FROM scratch',
      'COPY seed bin/seed',
      'RUN --mount=type=secret,id=token,env=TOKEN --mount=type=secret,id=fromenv,env=OTHER echo "got $TOKEN and $OTHER"',
      '',
    ].join('\n');
    const built = await setting.job(
      'actions/build',
      { 'deploy/Kubefile': kubefile, 'deploy/seed': 'x' },
      { context: 'deploy', secrets: 'token=s3cr3t-token', 'secret-envs': 'fromenv=JOB_SECRET' },
      { env: { JOB_SECRET: 's3cr3t-env' } },
    );
    assert.ok(built.success, built.log);
    assert.match(built.log, /got \*\*\* and \*\*\*/, 'RUN has seen them');
    assert.doesNotMatch(built.log + built.summary + JSON.stringify(built.outputs), /s3cr3t/);
  });

  test('asks for Node.js where the one on PATH is too old', async () => {
    const bin = join(setting.folder, 'old-node');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'node'), '#!/bin/sh\necho 20\n');
    await chmod(join(bin, 'node'), 0o755);
    const built = await setting.job(
      'actions/build',
      setting.app(),
      { context: 'deploy' },
      { path: `${bin}:/usr/bin:/bin` },
    );
    assert.match(built.used.join('\n'), /^actions\/setup-node@[a-f0-9]{40}$/m);
  });
});

describe('sealer/build', () => {
  test('builds, and pushes every tag where push is true', async () => {
    const tags = `${setting.registry.address}/shop/cluster:v1,${setting.registry.address}/shop/cluster:latest`;
    const done = await setting.job('.', setting.app(), { context: 'deploy', tags, push: 'true' });
    assert.ok(done.success, done.log);
    for (const tag of ['v1', 'latest']) assert.equal(await digestInRegistry('shop/cluster', tag), done.outputs.digest);
    assert.equal(done.outputs.tags, tags.replace(',', '\n'));
    assert.equal(done.outputs.refs, `${setting.registry.address}/shop/cluster@${done.outputs.digest}`);
    assert.ok(Number(done.outputs['moved-bytes']) > 0);
    assert.match(done.summary, /Pushed/);

    const again = await setting.job(
      '.',
      setting.app(),
      { context: 'deploy', tags, push: 'true' },
      { env: { SEALER_HOME: done.store } },
    );
    assert.equal(again.outputs.digest, done.outputs.digest);
    assert.equal(again.outputs['moved-bytes'], '0', 'nothing changed, so nothing moves');
    assert.ok(Number(again.outputs['skipped-bytes']) > 0);
  });

  test('does not push unless told to, and refuses what is neither true nor false', async () => {
    const tags = `${setting.registry.address}/shop/unpushed:v1`;
    const built = await setting.job('.', setting.app(), { context: 'deploy', tags });
    assert.ok(built.success, built.log);
    assert.equal(await digestInRegistry('shop/unpushed', 'v1'), null);
    assert.equal(built.outputs.refs, '');
    const refused = await setting.job('.', setting.app(), { context: 'deploy', tags, push: 'yes' });
    assert.ok(!refused.success);
    assert.match(refused.log, /The input push is "yes"/);
  });

  test('refuses to push what a fork proposes in a privileged workflow, unless it is told to', {
    skip: needs('git'),
  }, async () => {
    const root = join(setting.folder, 'fork');
    writeFiles(root, setting.app());
    const git = (...args: string[]) =>
      spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        cwd: root,
        encoding: 'utf8',
      }).stdout.trim();
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'fork');
    const event = {
      repository: { id: 1 },
      pull_request: { head: { sha: git('rev-parse', 'HEAD'), repo: { id: 2, full_name: 'm/shop' } } },
    };
    const inputs = { context: 'deploy', tags: `${setting.registry.address}/shop/fork:v1`, push: 'true' };
    const privileged = { eventName: 'pull_request_target', event, workspace: root };
    const refused = await setting.job('.', {}, inputs, privileged);
    assert.ok(!refused.success);
    assert.match(refused.log, /UNSAFE_FORK/);
    assert.equal(await digestInRegistry('shop/fork', 'v1'), null);
    const allowed = await setting.job('.', {}, { ...inputs, 'allow-unsafe-fork': 'true' }, privileged);
    assert.ok(allowed.success, allowed.log);
  });
});

describe('actions/push', () => {
  test('logs in with registry-auth, and shows the password nowhere', { skip: needs('htpasswd') }, async () => {
    const users = join(setting.folder, 'users');
    const { stdout } = spawnSync('htpasswd', ['-nbB', 'robot', 'right-passw0rd'], { encoding: 'utf8' });
    await writeFile(users, stdout);
    await using guarded = await serveRegistry({
      storage: folderStorage(join(setting.folder, 'guarded')),
      htpasswd: users,
    });
    const built = await setting.job('actions/build', setting.app(), { context: 'deploy', tags: 'shop:v1' });
    const push = (password: string) =>
      setting.job(
        'actions/push',
        {},
        {
          image: built.outputs.digest ?? '',
          tags: `${guarded.address}/shop:v1`,
          'registry-auth': `- registry: ${guarded.address}\n  username: robot\n  password: ${password}\n`,
        },
        { env: { SEALER_HOME: built.store } },
      );
    const wrong = await push('wrong-passw0rd');
    assert.ok(!wrong.success);
    assert.match(wrong.log, /UNAUTHORIZED/);
    assert.match(wrong.log, /registry-auth/, 'the error says where the credential came from');
    assert.ok(wrong.log.includes(guarded.address), 'the error names the registry');
    assert.doesNotMatch(wrong.log, /wrong-passw0rd/);
    const right = await push('right-passw0rd');
    assert.ok(right.success, right.log);
    assert.equal(right.outputs.digest, built.outputs.digest);
    assert.doesNotMatch(right.log + right.summary, /right-passw0rd/);
  });

  test('joins what several jobs pushed by digest into one image', async () => {
    const name = `${setting.registry.address}/shop/many`;
    const refs: string[] = [];
    for (const platforms of ['linux/amd64', 'linux/arm64']) {
      const inputs = { context: 'deploy', platforms, 'save-images': 'false' };
      const built = await setting.job('actions/build', setting.app(), inputs);
      assert.ok(built.success, built.log);
      const tags = `${name}@${built.outputs.digest}`;
      const pushed = await setting.job(
        'actions/push',
        {},
        { image: built.outputs.digest ?? '', tags },
        { env: { SEALER_HOME: built.store } },
      );
      assert.ok(pushed.success, pushed.log);
      refs.push(pushed.outputs.refs ?? '');
    }
    const joined = await setting.job(
      'actions/push',
      {},
      { digests: refs.join('\n'), tags: `${name}:v1-r1,${name}:v1` },
    );
    assert.ok(joined.success, joined.log);
    assert.equal(await digestInRegistry('shop/many', 'v1'), joined.outputs.digest);
    assert.equal(joined.outputs.refs, `${name}@${joined.outputs.digest}`);
    const refused = await setting.job('actions/push', {}, { digests: refs.join('\n') });
    assert.match(refused.log, /tags beside it/);
  });

  test('without an image or tags says what is missing', async () => {
    const pushed = await setting.job('actions/push', {}, {});
    assert.ok(!pushed.success);
    assert.match(pushed.log, /nothing to push/);
  });
});

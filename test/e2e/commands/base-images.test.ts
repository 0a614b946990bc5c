/** Base images from upstream's layout: asked, built for both architectures, published, and skipped while nothing changes. */

import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Mirror, startMirror } from '../../lab/base-images/mirror.ts';
import { type LabRegistry, startLabRegistry } from '../../lab/base-images/registry.ts';
import { FLANNEL_IMAGES, kubeadmImages, OTHER_IMAGES, sha256, upstreamFiles } from '../../lab/base-images/upstream.ts';
import { type CliResult, PROJECT, sealer } from '../../lab/cli.ts';
import { LAB_KUBERNETES_BIN } from '../../lab/kubernetes/cluster-image.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

const KUBEADM = join(LAB_KUBERNETES_BIN, 'kubeadm');
const BOTH = ['--platform', 'linux/amd64', '--platform', 'linux/arm64'];
const CALICO = ['quay.io/calico/kube-controllers:v3.31.7'];

interface MatrixJson {
  readonly cells: readonly { readonly id: string; readonly build: boolean; readonly reason: string }[];
  readonly build: { readonly include: readonly MatrixRow[] };
  readonly publish: {
    readonly include: readonly {
      readonly id: string;
      readonly repository: string;
      readonly immutable: string;
      readonly tags: readonly string[];
      readonly platforms: readonly { readonly digest?: string; readonly index?: number }[];
    }[];
  };
  readonly count: number;
}

interface MatrixRow {
  readonly image: string;
  readonly version: string;
  readonly variant?: string;
  readonly platform: string;
  readonly index: number;
}

describe('base images', () => {
  const stack = new AsyncDisposableStack();
  let home = '';
  let images = '';
  let mirror: Mirror;
  let registry: LabRegistry;

  before(async () => {
    home = stack.use(await temporaryFolder('base-images')).path;
    images = join(home, 'images');
    cpSync(join(PROJECT, 'images'), images, {
      recursive: true,
      filter: (path) => !/images\/(?:lab|host)(?:\/|$)/.test(path),
    });
    const kubeadm = existsSync(KUBEADM) ? readFileSync(KUBEADM) : undefined;
    mirror = stack.use(await startMirror(await upstreamFiles({ kubeadm })));
    const names = [...kubeadmImages('v1.20.2'), ...FLANNEL_IMAGES, ...OTHER_IMAGES, ...CALICO];
    registry = stack.use(await startLabRegistry(join(home, 'registry'), names));
    for (const image of ['k3s', 'k0s', 'kubeadm']) {
      const file = join(images, image, 'versions.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^channels:.*$/m, 'channels: [stable, v1.20]'));
    }
    writeFileSync(join(images, 'kubeadm', 'sealer.yaml'), registry.rules);
  });
  after(() => stack.disposeAsync());

  const run = (store: string, ...args: readonly string[]): Promise<CliResult> =>
    sealer(args, { home: join(home, store), cwd: home, env: { PATH: process.env.PATH ?? '' } });
  const json = async <T>(store: string, ...args: readonly string[]): Promise<T> => {
    const result = await run(store, ...args, '--json');
    assert.equal(result.code, 0, `sealer ${args.join(' ')}:\n${result.stderr.slice(-4000)}`);
    return JSON.parse(result.stdout) as T;
  };
  const update = () =>
    json<{ readonly changed: boolean; readonly markdown: string }>(
      'a',
      ...['images', 'versions', '--update', ...mirror.flags, ...registry.flags],
    );
  const build = (store: string, ...args: readonly string[]) =>
    json<{ readonly digest: string }>(store, 'images', 'build', ...args, ...mirror.flags);

  test('an update writes what upstream publishes, and nothing when nothing is new', async () => {
    const first = await update();
    assert.equal(first.changed, true);
    assert.match(
      first.markdown,
      /## k3s\n\n- \[`v1\.20\.2\+k3s1`\]\(https:\/\/github\.com\/k3s-io\/k3s\/releases\/tag\/v1\.20\.2%2Bk3s1\) is new/,
    );
    const written = readFileSync(join(images, 'kubeadm', 'versions.yaml'), 'utf8');
    const kubelet = mirror.files.get('dl.k8s.io/release/v1.20.2/bin/linux/arm64/kubelet');
    assert.ok(kubelet);
    assert.ok(written.includes(sha256(kubelet)));
    assert.match(written, /kube-apiserver: .*k8s\.gcr\.io\/kube-apiserver:v1\.20\.2@sha256:[0-9a-f]{64}/);
    assert.match(written, /^# What is built as base images with kubeadm/);
    const again = await update();
    assert.deepEqual([again.changed, again.markdown], [false, '']);
    assert.equal(readFileSync(join(images, 'kubeadm', 'versions.yaml'), 'utf8'), written);
  });

  test('k3s and k0s build for both architectures, with the same digest in another store', async () => {
    for (const image of ['k3s', 'k0s']) {
      const one = await build('a', image, 'v1.20', ...BOTH, '-t', `${image}:v1.20.2`);
      const two = await build('b', image, ...BOTH);
      assert.equal(one.digest, two.digest);
    }
    for (const architecture of ['amd64', 'arm64']) {
      const spec = await json<{
        readonly ociv1: { readonly architecture: string; readonly config: { readonly Labels: Record<string, string> } };
        readonly containerImageList: readonly { readonly image: string }[];
      }>('a', 'inspect', '--platform', `linux/${architecture}`, 'k3s:v1.20.2');
      assert.equal(spec.ociv1.architecture, architecture);
      assert.equal(spec.ociv1.config.Labels['cluster.alpha.sealer.io/cluster-runtime-type'], 'k3s');
      assert.equal(spec.ociv1.config.Labels['cluster.alpha.sealer.io/cluster-runtime-version'], 'v1.20.2+k3s1');
      assert.deepEqual(
        spec.containerImageList.map((each) => each.image),
        ['docker.io/rancher/mirrored-pause:3.6'],
      );
    }
  });

  test('kubeadm builds with flannel and with calico for both architectures, with the same digest in another store', async () => {
    for (const variant of ['flannel', 'calico']) {
      const one = await build('a', 'kubeadm', '--variant', variant, ...BOTH, '-t', `kubeadm:${variant}`);
      // Its stages are flannel's, but for the manifest.
      if (variant === 'flannel') assert.equal((await build('b', 'kubeadm', ...BOTH)).digest, one.digest);
      const { containerImageList } = await json<{ readonly containerImageList: readonly { readonly image: string }[] }>(
        'a',
        ...['inspect', '--platform', 'linux/arm64', `kubeadm:${variant}`],
      );
      const inside = containerImageList.map(({ image }) => image.replace(/@.*$/, ''));
      const wanted = variant === 'flannel' ? FLANNEL_IMAGES : [...OTHER_IMAGES.slice(1), ...CALICO];
      for (const name of [...kubeadmImages('v1.20.2'), ...wanted, 'docker.io/library/haproxy:3.2.19-alpine']) {
        assert.ok(inside.includes(name), `${name} is in ${inside.join(', ')}`);
      }
    }
  });

  test('a download that is not what versions.yaml says fails the build and names it', async () => {
    const path = 'github.com/k3s-io/k3s/releases/download/v1.20.2+k3s1/k3s-arm64';
    const good = mirror.files.get(path);
    assert.ok(good);
    mirror.files.set(path, Buffer.from('another program'));
    try {
      const args = ['images', 'build', 'k3s', '--platform', 'linux/arm64', ...mirror.flags, '--json'];
      const { code, stderr } = await run('c', ...args);
      assert.equal(code, 1);
      const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as {
        readonly error: { readonly code: string; readonly message: string };
      };
      assert.equal(error.code, 'CHECKSUM_MISMATCH');
      assert.match(error.message, /k3s-arm64 is sha256:/);
    } finally {
      mirror.files.set(path, good);
    }
  });

  test('a broken download goes on where it stopped', async () => {
    const path = 'github.com/k3s-io/k3s/releases/download/v1.20.2%2Bk3s1/k3s';
    mirror.breakOnce(path, 7 << 20);
    await build('d', 'k3s', '--platform', 'linux/amd64');
    const asked = mirror.asked.filter((each) => each === path || each.startsWith(`${path} `));
    assert.match(asked.at(-1) ?? '', / bytes=[1-9]\d+-$/, asked.join('\n'));
  });

  test('what is published is skipped with a reason; one changed checksum builds that cell alone', async () => {
    const place = `${registry.address}/bases`;
    const matrix = () => json<MatrixJson>('a', 'images', 'matrix', 'k3s', '--registry', place);
    const publish = async ({ build: { include }, publish: { include: releases } }: MatrixJson): Promise<void> => {
      const digests: string[] = [];
      for (const { image, version, variant, platform, index } of include) {
        const chosen = variant === undefined ? [] : ['--variant', variant];
        const args = [image, version, ...chosen, '--platform', platform, '--push-by-digest', `${place}/${image}`];
        digests[index] = (await build('a', ...args)).digest;
      }
      for (const { repository, tags, immutable, platforms } of releases) {
        const sources = platforms.map(({ digest, index }) => `${repository}@${digest ?? digests[index ?? -1]}`);
        const others = tags.filter((tag) => tag !== immutable).flatMap((tag) => ['-t', `${repository}:${tag}`]);
        await json('a', 'index', 'create', '--immutable-tag', `${repository}:${immutable}`, ...others, ...sources);
      }
    };
    const resolve = async (name: string) =>
      (
        await registry.client.resolve({
          registry: registry.address,
          repository: `bases/${name.split(':')[0]}`,
          tag: name.split(':')[1],
        })
      ).digest;

    const first = await matrix();
    assert.deepEqual(
      [...new Set(first.cells.filter((each) => each.build).map(({ reason }) => reason))],
      ['not published yet'],
    );
    assert.equal(first.count, 2);
    assert.deepEqual(
      first.publish.include.map(({ tags }) => tags),
      [['v1.20.2-r1', 'v1.20.2', 'v1.20']],
    );
    await publish(first);
    assert.equal(await resolve('k3s:v1.20'), await resolve('k3s:v1.20.2-r1'));

    const second = await matrix();
    assert.deepEqual([second.count, second.publish.include], [0, []]);
    assert.deepEqual(
      second.cells.map(({ reason }) => reason),
      Array(2).fill('nothing has changed since it was published'),
    );

    const path = 'github.com/k3s-io/k3s/releases/download/v1.20.2+k3s1/k3s-arm64';
    const old = mirror.files.get(path);
    assert.ok(old);
    mirror.files.set(path, Buffer.from('a program that upstream has put there anew'));
    const list = path.replace('k3s-arm64', 'sha256sum-arm64.txt');
    const sums = Buffer.from(mirror.files.get(list) ?? '').toString();
    mirror.files.set(
      list,
      Buffer.from(sums.replace(sha256(old), sha256('a program that upstream has put there anew'))),
    );
    const changed = await update();
    assert.match(changed.markdown, /asset k3s of linux\/arm64/);
    const third = await matrix();
    assert.deepEqual(
      third.cells.filter((each) => each.build).map(({ id, reason }) => [id, reason]),
      [['k3s-v1.20.2-arm64', 'its inputs have changed']],
    );
    const before = await resolve('k3s:v1.20.2-r1');
    await publish(third);
    assert.equal(await resolve('k3s:v1.20.2-r1'), before);
    assert.equal(await resolve('k3s:v1.20.2'), await resolve('k3s:v1.20.2-r2'));
    assert.equal((await matrix()).count, 0);
  });

  test('FROM and pull of a bare name mean the published base, unless the store has that very name', async () => {
    writeFileSync(join(home, 'Kubefile'), 'FROM k3s:v1.20\nLABEL a=b\n');
    const at = ['--base-registry', `${registry.address}/bases`];
    await json('e', 'pull', 'k3s:v1.20', '--platform', 'linux/amd64', ...at);
    const built = await json<{ readonly platforms: readonly { readonly layers: readonly unknown[] }[] }>(
      'e',
      ...['build', '--platform', 'linux/amd64', '-t', 'mine:v1', ...at, '-f', 'Kubefile', 'images/probe'],
    );
    assert.ok((built.platforms[0]?.layers.length ?? 0) > 3);
    writeFileSync(join(home, 'Empty'), 'FROM scratch\nLABEL c=d\n');
    await json('f', 'build', '--platform', 'linux/amd64', '-t', 'k3s:v1.20', '-f', 'Empty', 'images/probe');
    const own = await json<typeof built>(
      'f',
      'build',
      '--platform',
      'linux/amd64',
      ...at,
      '-f',
      'Kubefile',
      'images/probe',
    );
    assert.equal(own.platforms[0]?.layers.length, 0);
  });
});

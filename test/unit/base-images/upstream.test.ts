/** Upstream's channels and checksums, from answers recorded in their form and served on loopback. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latestVersions, parseVersions, type Upstream } from '../../../src/base-images/index.ts';
import { parseChecksums } from '../../../src/base-images/upstream/checksums.ts';
import { newestOf } from '../../../src/base-images/upstream/github-releases.ts';
import { newestBuild } from '../../../src/base-images/upstream/newest-build.ts';
import { readBytes, readText } from '../../../src/base-images/upstream/upstream.ts';
import { openUpstream } from '../../../src/cli/base-images/upstream.ts';
import { SealerError } from '../../../src/error.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { formatReference } from '../../../src/oci/reference.ts';
import { type Mirror, startMirror } from '../../lab/base-images/mirror.ts';
import { kubeadmImages, sha256, upstreamFiles } from '../../lab/base-images/upstream.ts';

/** Every file that upstream has. */
const FILES = await upstreamFiles();

function upstreamOf(mirror: Mirror, more: Partial<Upstream> = {}): Upstream & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    fetch,
    mirrors: mirror.mirrors,
    githubToken: undefined,
    registry: {
      resolve: async (reference) => {
        const bytes = Buffer.from(formatReference(reference));
        return { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf(bytes), size: bytes.length };
      },
      async *tags({ repository }) {
        yield* repository.endsWith('haproxy') ? ['3.2', '3.2.9-alpine', '3.2.19-alpine', '3.3-dev1-alpine'] : [];
        yield* repository.endsWith('flannel') ? ['v0.28.4', 'v0.28.4-amd64', 'v0.28.10'] : [];
        yield* repository.endsWith('plugin') ? ['v1.7.1-flannel1', 'v1.7.1-flannel1-amd64'] : [];
      },
    },
    run: async () => kubeadmImages('v1.20.2').join('\n'),
    sleep: async (milliseconds) => void slept.push(milliseconds),
    ...more,
    slept,
  };
}

function fileOf(runtime: string, channels = '[stable, v1.20]', extra = ''): ReturnType<typeof parseVersions> {
  const components = `{ registry: '3', containerd: '2.3', runc: '1.4', cni-plugins: '1', crictl: '1.36', haproxy: '3.2', flannel: '0.28', flannel-cni-plugin: '1.7', calico: '3.31', cilium: '1.20', helm: '3' }`;
  return parseVersions(
    `schema: 1\nruntime: ${runtime}\narchitectures: [amd64, arm64]\nchannels: ${channels}\ncomponents: ${components}\n${extra}versions: []\n`,
    'versions.yaml',
  );
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it went well'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof SealerError, String(error));
  return error.code;
}

test('k3s: the channel server says what is current, lists of checksums say the rest', async () => {
  await using mirror = await startMirror(FILES);
  const [only, ...others] = await latestVersions(fileOf('k3s'), upstreamOf(mirror));
  assert.deepEqual(others, [], 'two channels stand for one version');
  assert.equal(only?.version, 'v1.20.2+k3s1');
  const program = FILES.get('github.com/k3s-io/k3s/releases/download/v1.20.2+k3s1/k3s-arm64');
  assert.deepEqual(only.assets['linux/arm64']?.k3s, {
    url: 'https://github.com/k3s-io/k3s/releases/download/v1.20.2%2Bk3s1/k3s-arm64',
    sha256: sha256(program ?? ''),
  });
  assert.equal(only.components.registry, 'v3.0.0', 'a preview is passed over');
  assert.ok(!mirror.asked.some((path) => path.endsWith('/k3s')), 'no program was fetched');
});

test('k3s: while the channel server is away, releases say what is newest', async () => {
  const files = new Map(FILES);
  files.delete('update.k3s.io/v1-release/channels');
  await using mirror = await startMirror(files);
  const [only] = await latestVersions(fileOf('k3s', '[v1.20]'), upstreamOf(mirror));
  assert.equal(only?.version, 'v1.20.2+k3s1');
});

test('k0s: old and new names of the bundle are known, and kubectl is of the same Kubernetes', async () => {
  const version = 'v1.20.2+k0s.0';
  const base = `github.com/k0sproject/k0s/releases/download/${version}`;
  const list = Buffer.from(FILES.get(`${base}/sha256sums.txt`) ?? '').toString();
  for (const renamed of [false, true]) {
    const files = new Map(FILES);
    const newer = list.replace(/(airgap-bundle-\S+?)-(amd64|arm64)$/gm, '$1-linux-$2.tar');
    files.set(`${base}/sha256sums.txt`, Buffer.from(renamed ? newer : list));
    await using mirror = await startMirror(files);
    const [only] = await latestVersions(fileOf('k0s'), upstreamOf(mirror));
    const name = `k0s-airgap-bundle-v1.20.2%2Bk0s.0-${renamed ? 'linux-amd64.tar' : 'amd64'}`;
    assert.equal(only?.assets['linux/amd64']?.images?.url.split('/').at(-1), name);
    assert.equal(
      only?.assets['linux/arm64']?.kubectl?.url,
      'https://dl.k8s.io/release/v1.20.2/bin/linux/arm64/kubectl',
    );
  }
});

test('kubeadm: its own list of images, each with a digest; components by the beginning of their versions', async () => {
  await using mirror = await startMirror(FILES);
  const runs: (readonly string[])[] = [];
  const upstream = upstreamOf(mirror, {
    run: async (program, args) => {
      assert.equal(sha256(program), sha256(FILES.get('dl.k8s.io/release/v1.20.2/bin/linux/amd64/kubeadm') ?? ''));
      runs.push(args);
      return `W1122 warning\n${kubeadmImages('v1.20.2').join('\n')}\n`;
    },
  });
  const file = fileOf('kubeadm', '[stable]', 'variants: [flannel, calico, cilium]\n');
  const [only] = await latestVersions(file, upstream);
  assert.deepEqual(runs, [['config', 'images', 'list', '--kubernetes-version', 'v1.20.2']]);
  assert.match(only?.images['kube-apiserver'] ?? '', /^k8s\.gcr\.io\/kube-apiserver:v1\.20\.2@sha256:/);
  assert.match(only?.images.haproxy ?? '', /haproxy:3\.2\.19-alpine@/);
  assert.match(only?.variants.flannel?.images.flannel ?? '', /flannel:v0\.28\.10@/);
  assert.equal(only?.components.containerd, 'v2.3.10');
  assert.deepEqual(Object.keys(only?.variants.calico?.images ?? {}), [
    'calico-node',
    'calico-cni',
    'calico-kube-controllers',
  ]);
  assert.equal(only?.variants.cilium?.assets.any?.cilium?.url, 'https://helm.cilium.io/cilium-1.20.1.tgz');
});

test('kubeadm: a program that is not what its checksum says is not run', async () => {
  const files = new Map(FILES);
  for (const arch of ['amd64', 'arm64'])
    files.set(`dl.k8s.io/release/v1.20.2/bin/linux/${arch}/kubeadm`, Buffer.from('evil'));
  await using mirror = await startMirror(files);
  const upstream = upstreamOf(mirror, { run: () => assert.fail('it was run') });
  assert.equal(
    await codeOf(latestVersions(fileOf('kubeadm', '[stable]', 'variants: [flannel]\n'), upstream)),
    'UPSTREAM_CHANGED',
  );
});

test('older patch releases stay as long as the file keeps them', async () => {
  await using mirror = await startMirror(FILES);
  const older = (patch: number) =>
    `  - version: v1.20.${patch}+k3s1\n    assets: { linux/amd64: { k3s: { url: 'https://github.com/a', sha256: ${'c'.repeat(64)} } } }\n`;
  const before = (keep: number) =>
    parseVersions(
      `schema: 1\nruntime: k3s\narchitectures: [amd64]\nchannels: [stable]\nkeep: ${keep}\ncomponents: { registry: '3' }\nversions:\n${older(1)}${older(0)}`,
      'versions.yaml',
    );
  const versionsOf = async (keep: number) =>
    (await latestVersions(before(keep), upstreamOf(mirror))).map(({ version }) => version);
  assert.deepEqual(await versionsOf(1), ['v1.20.2+k3s1']);
  assert.deepEqual(await versionsOf(2), ['v1.20.2+k3s1', 'v1.20.1+k3s1']);
});

function withChannels(latest: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  const data = Object.entries(latest).map(([id, version]) => ({ id, type: 'channel', name: id, latest: version }));
  const channels = Buffer.from(JSON.stringify({ type: 'collection', data }));
  return new Map([...FILES, ['update.k3s.io/v1-release/channels', channels]]);
}

test('channels at two builds of one release are one version: the newer, for both would have one tag', async () => {
  const files = withChannels({ stable: 'v1.20.2+k3s1', 'v1.20': 'v1.20.2+k3s2' });
  for (const [path, bytes] of FILES) {
    if (path.includes('v1.20.2+k3s1')) files.set(path.replace('v1.20.2+k3s1', 'v1.20.2+k3s2'), bytes);
  }
  await using mirror = await startMirror(files);
  const found = await latestVersions(fileOf('k3s'), upstreamOf(mirror));
  assert.deepEqual(
    found.map(({ version }) => version),
    ['v1.20.2+k3s2'],
  );
});

test('what a channel says is a version of that channel, or nothing is asked with it', async () => {
  for (const version of [
    '../../../../mallory/k3s/releases/download/v1.20.9',
    'v1.20.9+k3s1](https://mallory.example)',
    'v1.21.0+k3s1',
    'v1.20.3-rc1+k3s1',
    '',
  ]) {
    await using mirror = await startMirror(withChannels({ stable: 'v1.20.2+k3s1', 'v1.20': version }));
    assert.equal(await codeOf(latestVersions(fileOf('k3s'), upstreamOf(mirror))), 'UPSTREAM_CHANGED', version);
    assert.deepEqual(
      mirror.asked.filter((path) => !path.includes('channels')),
      [],
    );
  }
});

test('the token of a GitHub Enterprise server is not told to api.github.com', () => {
  const tokenIn = (env: NodeJS.ProcessEnv) =>
    openUpstream({ env, signal: AbortSignal.timeout(1000) }, undefined as never, { files: {}, registries: {} })
      .githubToken;
  const token = { GITHUB_TOKEN: 'a-secret' };
  assert.equal(tokenIn(token), 'a-secret');
  assert.equal(tokenIn({ ...token, GITHUB_SERVER_URL: 'https://github.com' }), 'a-secret');
  assert.equal(tokenIn({ ...token, GITHUB_SERVER_URL: 'https://github.example.com' }), undefined);
});

test('a checksum that upstream does not publish is an error, and nothing is made up', async () => {
  const files = new Map(FILES);
  files.set(
    'github.com/k3s-io/k3s/releases/download/v1.20.2+k3s1/sha256sum-arm64.txt',
    Buffer.from(`${'d'.repeat(64)}  other\n`),
  );
  await using mirror = await startMirror(files);
  assert.equal(await codeOf(latestVersions(fileOf('k3s'), upstreamOf(mirror))), 'UPSTREAM_CHANGED');
});

test('answers that may pass are asked for again, with the wait that a server wants; the others are not', async () => {
  await using mirror = await startMirror(new Map([['dl.k8s.io/a', Buffer.from('text')]]));
  const upstream = upstreamOf(mirror);
  mirror.refuse(1, 503);
  mirror.refuse(1, 429, { 'retry-after': '7' });
  mirror.refuse(1, 403, { 'x-ratelimit-remaining': '0', 'retry-after': '3' });
  assert.equal(await readText(upstream, 'https://dl.k8s.io/a'), 'text');
  assert.deepEqual(upstream.slept, [500, 7000, 3000]);
  mirror.refuse(1, 429, { 'retry-after': '3600' });
  assert.equal(await codeOf(readText(upstream, 'https://dl.k8s.io/a')), 'DOWNLOAD_FAILED');
  mirror.refuse(9, 403);
  assert.equal(await codeOf(readText(upstream, 'https://dl.k8s.io/a')), 'DOWNLOAD_FAILED');
  assert.equal(upstream.slept.length, 3);
});

test('an answer has a limit, also one without a length', async () => {
  await using mirror = await startMirror(new Map([['dl.k8s.io/a', Buffer.alloc(2000)]]));
  assert.equal(await codeOf(readBytes(upstreamOf(mirror), 'https://dl.k8s.io/a', 1000)), 'ARCHIVE_TOO_LARGE');
});

test('GitHub’s token goes to GitHub’s API alone, and what began under TLS stays under TLS', async () => {
  const sent: [string, string | null][] = [];
  const answers = new Map<string, Response>([
    [
      'https://api.github.com/a',
      new Response(null, { status: 302, headers: { location: 'https://elsewhere.example/b' } }),
    ],
    ['https://elsewhere.example/b', new Response('b')],
    [
      'https://api.github.com/c',
      new Response(null, { status: 302, headers: { location: 'http://elsewhere.example/d' } }),
    ],
  ]);
  const upstream: Upstream = {
    fetch: async (input, init) => {
      sent.push([String(input), new Headers(init?.headers).get('authorization')]);
      return answers.get(String(input)) ?? new Response(null, { status: 404 });
    },
    mirrors: {},
    githubToken: 'a-secret',
    registry: { resolve: () => assert.fail(), tags: () => assert.fail() },
    run: () => assert.fail(),
  };
  assert.equal(await readText(upstream, 'https://api.github.com/a'), 'b');
  assert.deepEqual(sent, [
    ['https://api.github.com/a', 'Bearer a-secret'],
    ['https://elsewhere.example/b', null],
  ]);
  assert.equal(await codeOf(readText(upstream, 'https://api.github.com/c')), 'UNSAFE_REDIRECT');
});

test('lists of checksums in all the forms that projects use', () => {
  const sum = 'E'.repeat(64);
  const text = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${sum}  ./dir/a.tgz\n${sum} *b\nnot a line\n`;
  assert.deepEqual(
    [...parseChecksums(text)],
    [
      ['a.tgz', sum.toLowerCase()],
      ['b', sum.toLowerCase()],
    ],
  );
  assert.deepEqual([...parseChecksums(`${sum}\n`, 'alone')], [['alone', sum.toLowerCase()]]);
});

test('the newest of versions counts numbers, and the beginning of a version whole ones', () => {
  assert.equal(newestOf(['v2.3.9', 'v2.3.10', 'v2.30.0', 'v2.3.11-rc.1'], '2.3'), 'v2.3.10');
  assert.equal(newestOf(['v2.3.9'], '2.30'), undefined);
  assert.equal(
    newestBuild(['v1.33.4+k3s1', 'v1.33.4+k3s2', 'v1.33.10+k3s1', 'v1.34.0-rc1+k3s1'], 'stable', '+k3s'),
    'v1.33.10+k3s1',
  );
  assert.equal(newestBuild(['v1.33.4+k3s1', 'v1.33.4+k3s2'], 'v1.33', '+k3s'), 'v1.33.4+k3s2');
});

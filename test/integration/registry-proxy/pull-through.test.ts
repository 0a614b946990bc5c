/** The proxy between other people's registry and other people's clients. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { harvest } from '../../../src/cluster-image/index.ts';
import { type Digest, parseDigest } from '../../../src/oci/digest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { pushContainerImage, pushIndex } from '../../lab/container-image.ts';
import { pullWithContainerd } from '../../lab/containerd.ts';
import type { Fault } from '../../lab/faulty-proxy.ts';
import { noise, temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { named } from '../../unit/cluster-image/image-maker.ts';
import { ask, blobRequests, openSetting, SECRETS, type Setting } from './setting.ts';

const AMD64 = parsePlatform('linux/amd64');
const LAB = needs('docker-registry', 'crane', 'tar', 'htpasswd');
const base = { 'usr/lib/base': noise(3_000_000, 'base') };

/** Two images with a layer in common: an index of two platforms, and an image of Docker's own format. */
async function fill({ filler }: Setting): Promise<{ multi: string; docker: string }> {
  const { address } = filler;
  const children = ['linux/amd64', 'linux/arm64'].map((platform) => {
    return { platform, name: `${address}/team/multi:${platform.replace('/', '-')}` };
  });
  for (const { name, platform } of children) {
    await pushContainerImage(name, { platform, layers: [base, { 'etc/platform': platform }] });
  }
  return {
    multi: await pushIndex(
      `${address}/team/multi:v1`,
      children.map(({ name }) => name),
    ),
    docker: await pushContainerImage(`${address}/docker:1.0`, { format: 'docker', layers: [base, { a: 'docker' }] }),
  };
}

/** Manifest and blobs of a single image, through the proxy, as raw requests. */
async function contentOf(setting: Setting, repository: string, tag: string) {
  const manifest = await ask(setting, `${repository}/manifests/${tag}`);
  assert.equal(manifest.status, 200, manifest.text());
  const { config, layers } = JSON.parse(manifest.text());
  return { manifest, blobs: [config, ...layers].map(({ digest, size }) => ({ digest, size })) };
}

function assertNoSecrets(...texts: unknown[]): void {
  const text = texts.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n');
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `a secret is in ${text.slice(0, 2000)}`);
}

test('containerd pulls by original name and crane by path; each blob is fetched once, and a harvest moves nothing', {
  skip: LAB || needs('containerd', 'ctr'),
}, async () => {
  await using setting = await openSetting();
  const { multi, docker } = await fill(setting);
  const { upstream, proxy, authorization } = setting;
  const references = [`${upstream}/team/multi:v1`, `${upstream}/docker:1.0`];
  const mirror = () => `${proxy.url}/v2`;
  const pulled = () => pullWithContainerd(references, { mirror, platform: 'linux/amd64', authorization });
  // Two nodes at the same time.
  assert.deepEqual(await Promise.all([pulled(), pulled()]), [
    [multi, docker],
    [multi, docker],
  ]);
  assert.deepEqual([...new Set(blobRequests(setting).values())], [1], 'each blob once');
  assert.equal(blobRequests(setting).size, 5, 'two configs, two own layers, one in common: none of arm64');
  assert.deepEqual(
    setting.pulls
      .map(({ name, digest, outcome }) => ({ name, digest, outcome }))
      .sort((a, b) => (a.name < b.name ? 1 : -1)),
    [
      { name: references[0], digest: multi, outcome: 'served' },
      { name: references[1], digest: docker, outcome: 'served' },
    ],
  );
  await using folder = await temporaryFolder();
  await writeFiles(folder.path, {
    'config.json': JSON.stringify({ auths: { [proxy.address]: { auth: authorization.slice('Basic '.length) } } }),
  });
  const env = { ...process.env, DOCKER_CONFIG: folder.path };
  // Nothing is needed of upstream any more.
  await setting.stopUpstream();
  const byPath = `${proxy.address}/${upstream.replace(':', '_')}/team/multi`;
  const archive = join(folder.path, 'image.tar');
  for (const suffix of [':v1', `@${multi}`]) {
    await runTool('crane', ['pull', '--insecure', '--platform', 'linux/amd64', `${byPath}${suffix}`, archive], { env });
    await runTool('crane', ['validate', '--tarball', archive]);
  }
  const { store, client, pulls, events, log } = setting;
  const resolved = new Map(pulls.flatMap(({ name, digest }) => (digest === undefined ? [] : [[name, { digest }]])));
  const harvested = await harvest(named(...references), { store, client, platforms: [AMD64], resolved });
  assert.equal(harvested.moved, 0);
  assert.equal(harvested.blobLayers.size, 1, 'the large layer is in its envelope');
  assertNoSecrets(pulls, events, log);
});

test('who is not known gets nothing, whatever is asked for', { skip: LAB }, async () => {
  await using setting = await openSetting();
  await fill(setting);
  const wrong = `Basic ${Buffer.from('node:upstream-secret').toString('base64')}`;
  for (const authorization of ['', wrong]) {
    const answer = await ask(setting, 'docker/manifests/1.0', { authorization });
    assert.equal(answer.status, 401);
    assertNoSecrets(answer.text(), answer.headers);
  }
  assert.deepEqual(setting.requests.seen, []);
  assert.equal((await ask(setting, 'docker/manifests/1.0')).status, 200);
});

for (const [what, fault] of [
  ['altered', { kind: 'alter' }],
  ['cut off for ever', { kind: 'truncate', after: 1000 }],
] as const) {
  test(`a blob that comes ${what} is never served, and comes once upstream is well again`, { skip: LAB }, async () => {
    let isIll = false;
    await using setting = await openSetting({
      fault: ({ url }): Fault | undefined => (isIll && url.includes('/blobs/') ? fault : undefined),
    });
    await fill(setting);
    isIll = true;
    const { blobs } = await contentOf(setting, 'docker', '1.0');
    const large = blobs.find(({ size }) => size > 1_000_000);
    assert.ok(large);
    const path = `docker/blobs/${large.digest}`;
    const bad = await ask(setting, path);
    assert.ok([502, 503].includes(bad.status), `${bad.status} ${bad.text()}`);
    assert.ok(setting.pulls.some(({ outcome, name }) => outcome === 'missing' && name.endsWith('/docker:1.0')));
    isIll = false;
    const good = await ask(setting, path);
    assert.equal(good.status, 200);
    assert.equal(good.digest, large.digest);
    const part = await ask(setting, path, { range: 'bytes=65530-131080' });
    assert.equal(part.status, 206);
    assert.equal(part.headers['content-range'], `bytes 65530-131080/${large.size}`);
    assert.equal(part.bytes, 131_080 - 65_530 + 1);
  });
}

test('a registry that limits requests is waited for, and this is said', { skip: LAB }, async () => {
  let limited = 2;
  await using setting = await openSetting({
    fault: ({ url }): Fault | undefined =>
      /manifests|blobs/.test(url) && limited-- > 0
        ? { kind: 'status', status: 429, headers: { 'retry-after': '1' } }
        : undefined,
  });
  await fill(setting);
  const started = performance.now();
  const { blobs } = await contentOf(setting, 'docker', '1.0');
  for (const { digest } of blobs) assert.equal((await ask(setting, `docker/blobs/${digest}`)).digest, digest);
  assert.ok(performance.now() - started >= 1000);
  const notes = setting.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
  assert.ok(
    notes.some((note) => note.includes(`${setting.upstream} limits`) && note.includes('1 s')),
    notes.join(),
  );
});

test('a registry that asks for more patience than we have is told to the runtime, which comes back', {
  skip: LAB,
}, async () => {
  let isLimited = true;
  await using setting = await openSetting({
    fault: ({ url }): Fault | undefined =>
      isLimited && url.includes('/manifests/')
        ? { kind: 'status', status: 429, headers: { 'retry-after': '3600' } }
        : undefined,
  });
  await fill(setting);
  const answer = await ask(setting, 'docker/manifests/1.0');
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '60');
  assert.match(setting.pulls[0]?.reason ?? '', /^RATE_LIMITED: .*3600 s/);
  isLimited = false;
  assert.equal((await ask(setting, 'docker/manifests/1.0')).status, 200);
});

test('wrong credentials, an unknown image and a registry that is down are answered and recorded, without secrets', {
  skip: LAB,
}, async () => {
  let isRefusing = false;
  await using setting = await openSetting({
    fault: ({ url }): Fault | undefined =>
      isRefusing && url !== '/v2/' ? { kind: 'status', status: 403, body: 'no' } : undefined,
  });
  await fill(setting);
  const answers = [await ask(setting, 'docker/manifests/none')];
  isRefusing = true;
  answers.push(await ask(setting, 'docker/manifests/denied'));
  isRefusing = false;
  await setting.stopUpstream();
  answers.push(await ask(setting, 'docker/manifests/down'));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 403, 503],
  );
  assert.match(answers[0]?.text() ?? '', /MANIFEST_UNKNOWN/);
  assert.deepEqual(
    setting.pulls.map(({ outcome, reason }) => `${outcome} ${reason?.split(':')[0]}`),
    ['missing IMAGE_NOT_FOUND', 'missing DENIED', 'missing REGISTRY_UNREACHABLE'],
  );
  assertNoSecrets(setting.pulls, setting.events, setting.log, ...answers.map((each) => [each.text(), each.headers]));
});

test('a locked image is what the lock says, though its tag has moved', { skip: LAB }, async () => {
  const resolved = new Map<string, { digest: Digest }>();
  await using setting = await openSetting({ resolved });
  const { address } = setting.filler;
  const locked = parseDigest(await pushContainerImage(`${address}/app:v1`, { layers: [{ a: 'old' }] }));
  resolved.set(`${setting.upstream}/app:v1`, { digest: locked });
  const moved = await pushContainerImage(`${address}/app:v1`, { layers: [{ a: 'new' }] });
  assert.notEqual(moved, locked);
  const answer = await ask(setting, 'app/manifests/v1');
  assert.equal(answer.headers['docker-content-digest'], locked);
  assert.equal(answer.digest, locked);
});

test('a client that goes away does not end what others wait for', { skip: LAB }, async () => {
  await using setting = await openSetting({ throttle: 3_000_000 });
  await fill(setting);
  const { blobs } = await contentOf(setting, 'docker', '1.0');
  const large = blobs.find(({ size }) => size > 1_000_000);
  assert.ok(large);
  const path = `docker/blobs/${large.digest}`;
  const hasty = get(`${setting.proxy.url}/v2/${path}?ns=${setting.upstream}`, {
    headers: { authorization: setting.authorization },
  }).on('error', () => {});
  while (!setting.requests.seen.some(({ url }) => url.endsWith(large.digest))) await new Promise(setImmediate);
  const patient = ask(setting, path);
  hasty.destroy();
  assert.equal((await patient).digest, large.digest);
  assert.equal(blobRequests(setting).get(large.digest), 1);
});

test('a blob of 300 MB passes through without being held in memory', { skip: LAB }, async (t) => {
  await using setting = await openSetting();
  const block = noise(1 << 20, 'large');
  const count = 300;
  const hash = createHash('sha256');
  for (let i = 0; i < count; i++) hash.update(block);
  const digest = `sha256:${hash.digest('hex')}`;
  await upload(setting, digest, block, count);
  const started = performance.now();
  let most = process.memoryUsage().rss;
  const before = most;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  try {
    await contentOf(setting, 'large', 'v1');
    const answer = await ask(setting, `large/blobs/${digest}`);
    assert.equal(answer.digest, digest);
  } finally {
    clearInterval(watch);
  }
  const grown = Math.round((most - before) / 2 ** 20);
  t.diagnostic(`300 MB through the proxy: ${Math.round(performance.now() - started)} ms, memory grew by ${grown} MiB`);
  assert.ok(grown < 200, `${grown} MiB`);
});

type Body = string | ReadableStream;

/** Puts an image with one layer of repeated blocks into the registry, without a file of that size. */
async function upload({ filler }: Setting, digest: string, block: Buffer, count: number): Promise<void> {
  const push = async (url: string, method: string, body?: Body, headers = {}) => {
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body, duplex: 'half' }) });
    assert.ok(response.ok, `${method} ${url}: ${response.status}`);
    return response.headers.get('location') ?? '';
  };
  const repository = `http://${filler.address}/v2/large`;
  const blob = async (name: string, body: Body, size: number) => {
    const location = await push(`${repository}/blobs/uploads/`, 'POST');
    await push(`${location}&digest=${name}`, 'PUT', body, { 'content-length': String(size) });
  };
  const blocks = Readable.from(Array.from({ length: count }, () => block));
  await blob(digest, Readable.toWeb(blocks) as ReadableStream, block.length * count);
  const config = '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}';
  const configDigest = `sha256:${createHash('sha256').update(config).digest('hex')}`;
  await blob(configDigest, config, config.length);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: configDigest, size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: block.length * count }],
  };
  await push(`${repository}/manifests/v1`, 'PUT', JSON.stringify(manifest), { 'content-type': mediaType });
}

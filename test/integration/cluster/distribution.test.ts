/** Cluster images on several hosts: what crosses which link, and what is there afterwards. */

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BuildResult } from '../../../src/build/index.ts';
import {
  type DistributedImage,
  distribute,
  observeHosts,
  planDistribution,
  pruneHosts,
  readImage,
  rootfsFolder,
} from '../../../src/cluster/distribution/index.ts';
import type { ProgressEvent } from '../../../src/progress.ts';
import { type DockerRegistry, startDockerRegistry } from '../../lab/docker-registry.ts';
import { noise } from '../../lab/scratch.ts';
import { gzipLayer, makeImage } from '../../unit/cluster-image/image-maker.ts';
import { type FilledRegistry, openSetting, type Setting, startRegistry } from '../build/setting.ts';
import { needsSpaces, SPACE, type SpaceHost, spaceHosts } from './space-hosts.ts';

const HOME = `${SPACE}/shop`;
const CLUSTER = 'shop';
const skip = needsSpaces('docker-registry', 'curl', 'wget', 'tar');

test('each byte crosses the runner link once, a second run moves none, and a changed image only what changed', {
  skip,
}, async () => {
  await using world = await openWorld(3);
  const first = await world.build('v1', { 'bin/tool': noise(3_000_000, 'tool'), 'etc/a': 'one' });
  const done = await world.bring(first, 1);
  const size = await sizeOf(world.setting, first);
  assert.ok(done.sentByRunner <= 1.1 * size, `${done.sentByRunner} of ${size}`);
  assert.ok(world.received() <= 1.1 * size, `${world.received()} of ${size}`);
  assert.equal(done.perHost[world.hosts[1]?.host.address ?? '']?.sent, 0);
  for (const { folder } of world.hosts) {
    const rootfs = join(folder, 'shop', rootfsFolder('', first.digest));
    assert.equal(await readFile(join(rootfs, 'etc/a'), 'utf8'), 'one');
    assert.deepEqual(await readFile(join(rootfs, 'bin/tool')), noise(3_000_000, 'tool'));
  }
  assert.equal(await hasRegistry(world.hosts[1]), false);

  const before = world.received();
  const again = await world.bring(first, 1);
  assert.deepEqual([again.sentByRunner, again.fetchedByHosts], [0, 0]);
  assert.ok(world.received() - before < 20_000);

  const changed = await world.build('v2', { 'bin/tool': noise(3_000_000, 'tool'), 'etc/a': 'two' });
  const moved = await world.bring(changed, 1);
  assert.ok(moved.sentByRunner < 60_000, `${moved.sentByRunner}`);
  assert.equal(await readFile(join(world.folder(2), rootfsFolder('', changed.digest), 'etc/a'), 'utf8'), 'two');
  assert.equal(await readFile(join(world.folder(2), rootfsFolder('', first.digest), 'etc/a'), 'utf8'), 'one');
});

test('further registry hosts have all images, and got none of them from the runner', { skip }, async () => {
  await using world = await openWorld(3);
  const image = await world.build('v1', { 'bin/tool': noise(1_000_000, 'tool') });
  const done = await world.bring(image, 2);
  assert.equal(done.perHost[world.hosts[1]?.host.address ?? '']?.sent, 0);
  assert.deepEqual(await tagsOn(world.folder(1)), await tagsOn(world.folder(0)));
  await using second = await startDockerRegistry({ root: join(world.folder(1), 'registry'), readOnly: true });
  for (const name of world.names) {
    const [, repository = '', tag = ''] = /^[^/]+\/(.*):(.*)$/.exec(name) ?? [];
    const path = `${world.source.address.replace(':', '_')}/${repository}`;
    const manifest = await fetch(`http://${second.address}/v2/${path}/manifests/${tag}`, {
      headers: { Accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    const { layers } = Object(await manifest.json());
    assert.equal(manifest.status, 200);
    for (const { digest } of layers) {
      const blob = await fetch(`http://${second.address}/v2/${path}/blobs/${digest}`);
      assert.equal(blob.status, 200);
      await blob.body?.cancel();
    }
  }
  assert.equal(await hasRegistry(world.hosts[2]), false);
});

test('a host without curl takes wget, and one without either gets a stream, with a note', { skip }, async () => {
  await using world = await openWorld(3, { 1: ['curl'], 2: ['curl', 'wget'] });
  const image = await world.build('v1', { 'bin/tool': noise(1_000_000, 'tool') });
  const done = await world.bring(image, 1);
  assert.equal(done.perHost['127.0.1.2']?.sent, 0);
  assert.ok((done.perHost['127.0.1.3']?.sent ?? 0) > 1_000_000);
  const notes = world.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? '', /127\.0\.1\.3 cannot fetch .*neither curl nor wget/);
});

test('whiteouts of later layers take away what earlier ones brought', { skip }, async () => {
  await using world = await openWorld(2);
  await world.build('base', { 'etc/gone': 'x', 'etc/dir/a': 'a', 'etc/kind': 'file', keep: 'k' });
  const image = await world.buildFrom(
    'base',
    'RUN rm -r etc/gone etc/dir etc/kind && mkdir -p etc/dir etc/kind && echo b > etc/dir/b',
  );
  await world.bring(image, 1);
  for (const folder of [world.folder(0), world.folder(1)]) {
    const rootfs = join(folder, rootfsFolder('', image.digest));
    assert.deepEqual((await readdir(join(rootfs, 'etc'))).sort(), ['dir', 'kind']);
    assert.deepEqual(await readdir(join(rootfs, 'etc/dir')), ['b']);
    assert.ok((await stat(join(rootfs, 'etc/kind'))).isDirectory());
  }
});

test('what a killed run left half done is finished by the next', { skip }, async () => {
  await using world = await openWorld(2);
  const image = await world.build('v1', { 'bin/tool': noise(3_000_000, 'tool') });
  let killed = 0;
  for (let i = 0; i < 12; i++) {
    const abort = new AbortController();
    let events = 0;
    const bring = world.bring(image, 1, abort.signal, () => {
      events += 1;
      if (events > i * 3) abort.abort(new Error('killed'));
    });
    await bring.catch((error: unknown) => {
      killed += 1;
      assert.match(String(error), /killed|abort/i);
    });
  }
  assert.ok(killed >= 4, `${killed} runs were killed in the middle`);
  await world.bring(image, 1);
  for (const folder of [world.folder(0), world.folder(1)]) {
    assert.deepEqual(
      await readFile(join(folder, rootfsFolder('', image.digest), 'bin/tool')),
      noise(3_000_000, 'tool'),
    );
    const names = await readdir(folder, { recursive: true });
    assert.deepEqual(
      names.filter((name) => /\.tmp$|\.part$|\.new$/.test(name)),
      [],
    );
  }
  const observed = await observeHosts(
    image,
    world.hosts.map(({ host }) => host),
    { home: HOME },
  );
  assert.ok([...observed.values()].every(({ isUnpacked }) => isUnpacked));
});

test('a prune keeps what kept images need, and nothing else', { skip }, async () => {
  await using world = await openWorld(2);
  const first = await world.build('v1', { 'bin/tool': noise(1_000_000, 'tool'), 'etc/a': 'one' });
  await world.bring(first, 1);
  await world.source.push('three:v1', makeImage([gzipLayer('three', 2_000_000)]));
  world.names.push(`${world.source.address}/three:v1`);
  const second = await world.build('v2', { 'bin/tool': noise(1_000_000, 'tool'), 'etc/a': 'two' });
  await world.bring(second, 1);
  const hosts = world.hosts.map(({ host }) => host);
  await pruneHosts(hosts, [first.digest, second.digest], { home: HOME });
  assert.equal((await readdir(join(world.folder(1), 'rootfs'))).length, 2);
  await pruneHosts(hosts, [first.digest], { home: HOME });
  assert.deepEqual(await readdir(join(world.folder(1), 'rootfs')), [
    rootfsFolder('', first.digest).slice('/rootfs/'.length),
  ]);
  const again = await world.bring(first, 1);
  assert.deepEqual([again.sentByRunner, again.fetchedByHosts], [0, 0]);
  const tags = await tagsOn(world.folder(0));
  assert.ok(!tags.some((tag) => tag.includes('/three/')), tags.join('\n'));
  assert.ok(tags.some((tag) => tag.includes('/one/')));
});

interface World extends AsyncDisposable {
  readonly setting: Setting;
  readonly source: FilledRegistry;
  readonly names: string[];
  readonly hosts: readonly SpaceHost[];
  readonly events: ProgressEvent[];
  received(): number;
  folder(host: number): string;
  build(tag: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<DistributedImage>;
  buildFrom(base: string, instructions: string): Promise<DistributedImage>;
  bring(
    image: DistributedImage,
    registries: number,
    signal?: AbortSignal,
    onEvent?: () => void,
  ): ReturnType<typeof distribute>;
}

async function openWorld(count: number, hidden: Readonly<Record<number, readonly string[]>> = {}): Promise<World> {
  await using undo = new AsyncDisposableStack();
  const setting = undo.use(await openSetting());
  const source = undo.use(await startRegistry());
  const { hosts } = undo.use(await spaceHosts({ count, hidden }));
  const running = new Map<number, DockerRegistry>();
  undo.defer(async () => {
    for (const registry of running.values()) await registry[Symbol.asyncDispose]();
  });
  for (const name of ['one', 'two']) await source.push(`${name}:v1`, makeImage([gzipLayer(name, 2_000_000)]));
  const names = ['one', 'two'].map((name) => `${source.address}/${name}:v1`);
  const events: ProgressEvent[] = [];
  const serve = async (number: number) => {
    const root = join(hosts[number]?.folder ?? '', 'shop/registry');
    await mkdir(root, { recursive: true });
    const registry = running.get(number) ?? (await startDockerRegistry({ root, readOnly: true }));
    running.set(number, registry);
    return { scheme: 'http' as const, authority: registry.address };
  };
  const read = async (result: BuildResult) => {
    const digest = result.platforms[0]?.manifest.digest;
    if (digest === undefined) throw new Error('nothing was built');
    return await readImage(setting.store, { digest, manifest: await setting.manifest(result) });
  };
  const life = undo.move();
  return {
    setting,
    source,
    names,
    hosts,
    events,
    received: () => hosts.reduce((sum, each) => sum + each.received(), 0),
    folder: (host) => join(hosts[host]?.folder ?? '', 'shop'),
    async build(tag, files) {
      const copies = Object.keys(files).map((path) => `COPY ${path} ${path}`);
      const Kubefile = ['FROM scratch', ...copies, 'COPY imageList manifests/', ''].join('\n');
      const tags = [`registry.test/${tag}:v1`];
      return await read(await setting.build({ Kubefile, ...files, imageList: names.join('\n') }, { tags }));
    },
    async buildFrom(base, instructions) {
      return await read(await setting.build({ Kubefile: `FROM registry.test/${base}:v1\n${instructions}\n` }));
    },
    async bring(image, registries, signal, onEvent) {
      const all = hosts.map(({ host }) => host);
      const registryHosts = all.slice(0, registries);
      const present = await observeHosts(image, all, { home: HOME });
      const plan = planDistribution(image, { hosts: all, registryHosts, present });
      return await distribute(plan, {
        home: HOME,
        cluster: CLUSTER,
        signal,
        report(event) {
          events.push(event);
          onEvent?.();
        },
        async serve(wanted) {
          const numbers = wanted.map((host) => all.indexOf(host));
          return { endpoints: await Promise.all(numbers.map(serve)) };
        },
      });
    },
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

async function sizeOf(setting: Setting, { digest }: DistributedImage): Promise<number> {
  const document = await setting.store.document(digest);
  if (document.kind !== 'manifest') throw new Error('no manifest');
  return document.manifest.layers.reduce((sum, { size }) => sum + size, 0);
}

async function hasRegistry(host: SpaceHost | undefined): Promise<boolean> {
  return (await readdir(join(host?.folder ?? '', 'shop'))).includes('registry');
}

async function tagsOn(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'registry'), { recursive: true });
  return names.filter((name) => name.endsWith('current/link')).sort();
}

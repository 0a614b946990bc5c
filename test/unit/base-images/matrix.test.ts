import assert from 'node:assert/strict';
import { chmodSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type BaseImage,
  basesOf,
  contextDigest,
  inputsDigest,
  leadingTags,
  nextRevision,
  type PublishedImage,
  parseVersions,
  planMatrix,
  releasesOf,
} from '../../../src/base-images/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';

const SUM = 'a'.repeat(64);
const OTHER = 'e'.repeat(64);
const CONTEXT = digestOf('context');

function versionsOf(text = ''): ReturnType<typeof parseVersions> {
  const asset = (name: string, sum: string) => `{ ${name}: { url: 'https://example.com/${name}', sha256: ${sum} } }`;
  const entry = (version: string) =>
    `  - version: ${version}\n    assets:\n      linux/amd64: ${asset('kubelet', SUM)}\n      linux/arm64: ${asset('kubelet-arm', SUM)}\n` +
    `    variants:\n      calico: { assets: { any: ${asset('calico', SUM)} } }\n`;
  const all = `schema: 1\nruntime: kubeadm\narchitectures: [amd64, arm64]\nvariants: [flannel, calico]\nversions:\n${entry('v1.34.1')}${entry('v1.33.4')}`;
  return parseVersions(text === '' ? all : text, 'versions.yaml');
}

/** An image of which everything is published that another version of it says. */
function imageWith(versions = versionsOf(), before: BaseImage['versions'] | undefined = undefined): BaseImage {
  const inputs = { context: CONTEXT, bases: {}, toolkit: '1.0.0' };
  const there = new Map<string, PublishedImage>();
  for (const { tag, cells } of before === undefined ? [] : releasesOf(before)) {
    const platforms = cells.map((cell) => {
      const digest = digestOf(`${tag} ${cell.platform}`);
      return [cell.platform, { digest, inputs: inputsDigest(cell, inputs) as string }] as const;
    });
    there.set(tag, { digest: digestOf(tag), platforms: new Map(platforms) });
  }
  const tags = new Set([...there.keys()].flatMap((tag) => [tag, `${tag}-r1`]));
  return { versions, inputs, repository: 'ghcr.io/sealer/kubeadm', tags, published: async (tag) => there.get(tag) };
}

const built = (cells: readonly { readonly id: string; readonly build: boolean }[]) =>
  cells.filter(({ build }) => build).map(({ id }) => id);

test('nothing is published: every cell is built, and each release has its first revision', async () => {
  const { cells, releases } = await planMatrix([imageWith()]);
  assert.deepEqual([cells.length, built(cells).length], [8, 8]);
  assert.deepEqual(
    cells.map(({ index }) => index),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.deepEqual(releases[1]?.tags, ['v1.34.1-calico-r1', 'v1.34.1-calico', 'v1.34-calico']);
});

test('nothing has changed: every cell is skipped, and says so', async () => {
  const { cells, releases } = await planMatrix([imageWith(versionsOf(), versionsOf())]);
  assert.deepEqual([built(cells), releases], [[], []]);
  assert.deepEqual(new Set(cells.map(({ reason }) => reason)), new Set(['nothing has changed since it was published']));
});

test('one changed checksum builds that cell alone, and its release keeps the other platform', async () => {
  const before = versionsOf();
  const [newest, ...older] = before.versions;
  assert.ok(newest);
  const after = {
    ...before,
    versions: [
      {
        ...newest,
        assets: {
          ...newest.assets,
          'linux/arm64': { 'kubelet-arm': { url: 'https://example.com/kubelet-arm', sha256: OTHER } },
        },
        variants: newest.variants,
      },
      ...older,
    ],
  };
  const { cells, releases } = await planMatrix([imageWith(after, before)]);
  assert.deepEqual(built(cells), ['kubeadm-v1.34.1-flannel-arm64', 'kubeadm-v1.34.1-calico-arm64']);
  assert.deepEqual(releases[0]?.platforms, [
    { platform: 'linux/amd64', digest: digestOf('v1.34.1 linux/amd64'), index: undefined },
    { platform: 'linux/arm64', digest: undefined, index: 0 },
  ]);
  assert.equal(releases[0]?.immutable, 'v1.34.1-r2');
});

test('a changed file of one variant does not build the others', async () => {
  const before = versionsOf();
  const [newest, ...older] = before.versions;
  assert.ok(newest);
  const calico = { assets: { any: { calico: { url: 'https://example.com/calico', sha256: OTHER } } }, images: {} };
  const after = { ...before, versions: [{ ...newest, variants: { calico } }, ...older] };
  const { cells } = await planMatrix([imageWith(after, before)]);
  assert.deepEqual(built(cells), ['kubeadm-v1.34.1-calico-amd64', 'kubeadm-v1.34.1-calico-arm64']);
});

test('filters choose cells, force builds what has not changed, and a limit leaves whole releases for later', async () => {
  const image = imageWith(versionsOf(), versionsOf());
  const filtered = await planMatrix([image], { force: true, filter: ['v1.33.4-calico'] });
  assert.deepEqual(built(filtered.cells), ['kubeadm-v1.33.4-calico-amd64', 'kubeadm-v1.33.4-calico-arm64']);
  assert.match(filtered.cells.find(({ build }) => build)?.reason ?? '', /^nothing has changed, but it is asked for$/);
  assert.match(filtered.cells[0]?.reason ?? '', /^not asked for$/);
  const limited = await planMatrix([imageWith()], { limit: 5 });
  assert.equal(built(limited.cells).length, 4);
  assert.equal(limited.releases.length, 2);
  assert.equal(limited.cells[4]?.reason, 'later: not published yet, but this run is full');
});

test('a release that lacks a platform, for it was not asked for, does not take the minor version’s name', async () => {
  const { releases } = await planMatrix([imageWith()], { filter: ['v1.34.1-flannel-amd64'] });
  assert.deepEqual(
    releases.map(({ tags, platforms }) => [tags, platforms.length]),
    [[['v1.34.1-r1', 'v1.34.1'], 1]],
  );
});

test('a minor version’s name does not go back to a patch release that is older than what is published', async () => {
  const image = imageWith();
  const { releases } = await planMatrix([
    { ...image, tags: new Set(['v1.34.2-r1', 'v1.34.2', 'v1.34', 'v1.33.9-calico']) },
  ]);
  assert.deepEqual(
    releases.map(({ tags }) => tags.at(-1)),
    ['v1.34.1', 'v1.34-calico', 'v1.33', 'v1.33.4-calico'],
  );
});

test('of planned tags those lead back that somebody has passed meanwhile', () => {
  const planned = ['v1.33.4-r2', 'v1.33.4', 'v1.33'];
  const now = (...published: string[]) => leadingTags(planned, new Set(published));
  assert.deepEqual(now(), planned);
  assert.deepEqual(
    now('v1.33.4-r1', 'v1.33.4-r2', 'v1.33.4', 'v1.33', 'v1.33.3', 'v1.34.9', 'v1.33.5-calico'),
    planned,
  );
  assert.deepEqual(now('v1.33.10'), ['v1.33.4-r2', 'v1.33.4'], 'by number, not by text');
  assert.deepEqual(now('v1.33.4-r3'), ['v1.33.4-r2']);
});

test('mirrors are no inputs; context, data, bases and the program that builds are', () => {
  const [cell] = releasesOf(versionsOf())[0]?.cells ?? [];
  assert.ok(cell);
  const inputs = { context: CONTEXT, bases: { 'docker.io/library/a:1': 'sha256:1' }, toolkit: '1.0.0' };
  const digests = [
    inputsDigest(cell, inputs),
    inputsDigest(cell, { ...inputs, context: digestOf('other') }),
    inputsDigest(cell, { ...inputs, bases: {} }),
    inputsDigest(cell, { ...inputs, toolkit: '1.0.1' }),
    inputsDigest({ ...cell, platform: 'linux/arm64' }, inputs),
    inputsDigest({ ...cell, buildArgs: { ...cell.buildArgs, VERSION: 'v1.34.2' } }, inputs),
  ];
  assert.equal(new Set(digests).size, digests.length);
  assert.equal(inputsDigest({ ...cell, id: 'renamed' }, inputs), digests[0]);
});

test('a folder’s digest is that of names, contents and who can be run, and of nothing else', async (t) => {
  const folder = await folderOf(t);
  writeFiles(folder, { Kubefile: 'FROM scratch\n', 'a/b.sh': 'echo', 'versions.yaml': 'x' });
  const first = await contextDigest(folder);
  utimesSync(join(folder, 'Kubefile'), 1, 1);
  writeFileSync(join(folder, 'versions.yaml'), 'y');
  chmodSync(join(folder, 'a/b.sh'), 0o600);
  assert.equal(await contextDigest(folder), first);
  chmodSync(join(folder, 'a/b.sh'), 0o755);
  assert.notEqual(await contextDigest(folder), first);
});

test('the next revision is behind the last one of that very tag', () => {
  const tags = [
    'v1.33.4',
    'v1.33.4-r1',
    'v1.33.4-r9',
    'v1.33.4-r10',
    'v1.33.4-calico-r11',
    'v1.33.4-rc1',
    'v1.33.4-r010',
  ];
  assert.equal(nextRevision(tags, 'v1.33.4'), 11);
  assert.equal(nextRevision(tags, 'v1.33.4-calico'), 12);
  assert.equal(nextRevision([], 'v1.33.4'), 1);
});

test('bases are asked for by name; scratch, stages and variables are none', async (t) => {
  const folder = await folderOf(t);
  const text = 'ARG BASE\nFROM scratch AS a\nFROM a AS b\nFROM ${BASE} AS c\nFROM quay.io/x/y:1 AS d\nFROM d\n';
  writeFiles(folder, { Kubefile: text });
  const resolve = async () => ({ mediaType: 'x', digest: digestOf('x'), size: 1 });
  assert.deepEqual(await basesOf(join(folder, 'Kubefile'), { resolve }), { 'quay.io/x/y:1': digestOf('x') });
});

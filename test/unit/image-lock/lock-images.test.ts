import { deepEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type LockImagesOptions, lockFromHarvest, type ResolvedImage } from '../../../src/image-lock/index.ts';
import { parseDocument, serialize } from '../../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { digest, image } from './locks.ts';

const AMD64 = parsePlatform('linux/amd64');
const ARM64 = parsePlatform('linux/arm64');
const NGINX = 'docker.io/library/nginx:1.27';

type Naming = ResolvedImage['findings'][number];

function found(word: string, platform: typeof AMD64, ...findings: readonly Naming[]): ResolvedImage {
  const name = platform === AMD64 ? 'linux/amd64' : 'linux/arm64';
  return {
    reference: parseReference(NGINX),
    digest: digest(word),
    platforms: [platform],
    manifests: [{ descriptor: { digest: digest(`${word} ${name}`) }, platform }],
    findings,
  };
}

function at(file: string, path?: string, more: Partial<Naming> = {}): Naming {
  return { at: { file, line: 12 }, finder: 'workload', ...(path === undefined ? {} : { path }), ...more };
}

async function reasons(findings: readonly Naming[], options: LockImagesOptions): Promise<readonly string[]> {
  return (await lockFromHarvest([found('x', AMD64, ...findings)], options)).get(NGINX)?.from ?? [];
}

test('the same image for several platforms is one entry with all of them, and every place once', async () => {
  const entries = await lockFromHarvest(
    [
      found('x', ARM64, at('deploy/z.yaml', 'spec.image'), at('deploy/a.yaml', 'spec.image')),
      found('x', AMD64, at('deploy/a.yaml', 'spec.image')),
    ],
    { context: 'deploy' },
  );
  deepEqual(
    [...entries],
    [[NGINX, image('x', ['linux/amd64', 'linux/arm64'], ['a.yaml spec.image', 'z.yaml spec.image'])]],
  );
});

test('places are those of the context from wherever the build was started, without lines and without absolute paths', async () => {
  const absolute = join(process.cwd(), 'deploy');
  for (const [context, prefix] of [
    ['deploy', 'deploy/'],
    [absolute, 'deploy/'],
    ['.', ''],
    [absolute, `${absolute}/`],
  ] as const) {
    deepEqual(await reasons([at(`${prefix}manifests/web.yaml`, 'spec.containers[0].image')], { context }), [
      'manifests/web.yaml spec.containers[0].image',
    ]);
  }
});

test('a file of the base image keeps its path in the rootfs, and a list from elsewhere its name', async () => {
  const options = { context: 'deploy', imageLists: ['lists/all.txt', '../more.txt'] };
  const places = [at('manifests/base.yaml', 'a'), at('lists/all.txt'), at('../more.txt'), at('/etc/list')];
  deepEqual(await reasons(places, options), ['all.txt', 'list', 'manifests/base.yaml a', 'more.txt']);
});

test('a chart is told with its name, and a recording with what pulled, unless that name is made up', async () => {
  const recorded = (object?: string): Naming =>
    at('images.lock', undefined, { finder: 'recording', ...(object === undefined ? {} : { object }) });
  const chart = at('deploy/charts/x/values.yaml', 'image.tag', { chart: 'x' });
  deepEqual(await reasons([chart], { context: 'deploy' }), ['charts/x/values.yaml chart x']);
  deepEqual(await reasons([recorded()], { context: '.' }), ['found by recording']);
  deepEqual(await reasons([recorded('Pod shop/web-5d7f-abcde')], { context: '.' }), ['found by recording']);
  deepEqual(await reasons([recorded('DaemonSet shop/agent')], { context: '.' }), [
    'found by recording (DaemonSet shop/agent)',
  ]);
  const previous = new Map([[NGINX, image('x', ['linux/amd64'], ['found by recording (DaemonSet shop/agent)'])]]);
  deepEqual(await reasons([recorded()], { context: '.', previous }), ['found by recording (DaemonSet shop/agent)']);
});

test('platforms of the lock stay as long as the image is the same', async () => {
  const previous = new Map([[NGINX, image('x', ['linux/arm64'])]]);
  const same = await lockFromHarvest([found('x', AMD64)], { context: '.', previous });
  deepEqual(Object.keys(same.get(NGINX)?.platforms ?? {}), ['linux/amd64', 'linux/arm64']);
  const other = await lockFromHarvest([found('y', AMD64)], { context: '.', previous });
  deepEqual(other.get(NGINX)?.platforms, { 'linux/amd64': digest('y linux/amd64') });
});

test('of an image that the base carries the platforms come from the index at hand, else from the lock', async () => {
  const manifests = [AMD64, ARM64].map((platform, i) => ({
    mediaType: OCI_MANIFEST,
    digest: digest(`manifest ${i}`),
    size: 3,
    platform,
  }));
  const document = parseDocument(serialize({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), OCI_INDEX);
  const carried: ResolvedImage = { ...found('x', ARM64), digest: document.descriptor.digest, manifests: [] };
  const known = await lockFromHarvest([carried], { context: '.', documentOf: async () => document });
  deepEqual(known.get(NGINX)?.platforms, { 'linux/arm64': digest('manifest 1') });
  const previous = new Map([[NGINX, { ...image('z', ['linux/arm64']), digest: carried.digest }]]);
  const kept = await lockFromHarvest([carried], { context: '.', previous, documentOf: async () => undefined });
  deepEqual(kept.get(NGINX)?.platforms, { 'linux/arm64': digest('z linux/arm64') });
  const unknown = await lockFromHarvest([carried], { context: '.' });
  deepEqual(unknown.get(NGINX)?.platforms, {});
});

test('an artifact is for every platform', async () => {
  const artifact = { ...found('x', AMD64), platforms: [AMD64, ARM64] };
  const manifests = artifact.manifests.map((each) => ({ ...each, platform: undefined }));
  const entries = await lockFromHarvest([{ ...artifact, manifests }], { context: '.' });
  deepEqual(Object.keys(entries.get(NGINX)?.platforms ?? {}), ['linux/amd64', 'linux/arm64']);
});

/** A registry on a bad day, and what a user sees of it. The registry is a real one behind a proxy that fails on request. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CliResult, sealer, sealerJson } from '../../lab/cli.ts';
import { pushContainerImage } from '../../lab/container-image.ts';
import { type DockerRegistry, startDockerRegistry } from '../../lab/docker-registry.ts';
import { type Fault, type FaultyProxy, type Seen, startFaultyProxy } from '../../lab/faulty-proxy.ts';
import { noise, temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';

const skip = needs('docker-registry', 'crane', 'tar');
const BLOB = 3_000_000;

describe('a registry on a bad day', { skip }, () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let registry: DockerRegistry;
  let homes = 0;
  /** The digests of the two layers, against the small config. */
  let large: string[] = [];

  before(async () => {
    folder = resources.use(await temporaryFolder('faults')).path;
    registry = resources.use(await startDockerRegistry());
    await pushContainerImage(`${registry.address}/app/web:v1`, {
      layers: [{ web: noise(BLOB, 'web') }, { more: noise(BLOB, 'more') }],
    });
    large = await layersOf(`${registry.address}/app/web:v1`);
  });
  after(() => resources.disposeAsync());

  async function layersOf(reference: string): Promise<string[]> {
    const manifest = JSON.parse(await runTool('crane', ['manifest', '--insecure', reference]));
    return manifest.layers.map((each: { digest: string }) => each.digest);
  }

  /** Builds a cluster image with the app's image, from behind a proxy with the given faults. */
  async function buildThrough(
    fault: (request: Seen, index: number) => Fault | undefined,
    home = `home-${++homes}`,
  ): Promise<{ result: CliResult; proxy: FaultyProxy }> {
    await using proxy = await startFaultyProxy({ upstream: registry.address, fault });
    const context = join(folder, `context-${home}`);
    writeFiles(context, {
      Kubefile: 'FROM scratch\nCOPY manifests manifests/\n',
      'manifests/imageList': `${proxy.address}/app/web:v1\n`,
    });
    const result = await sealer(['build', '-t', 'faults:v1', context], { home: join(folder, home) });
    return { result, proxy };
  }

  const once = (matches: (request: Seen) => boolean, fault: Fault) => {
    let done = false;
    return (request: Seen) => {
      if (done || !matches(request)) return undefined;
      done = true;
      return fault;
    };
  };
  const isBlob = ({ method, url }: Seen) => method === 'GET' && url.includes('/blobs/');
  const isLarge = (url: string) => large.some((digest) => url.endsWith(digest));
  const isManifest = ({ url }: Seen) => url.includes('/manifests/');

  for (const [what, fault] of [
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
    ['500', { kind: 'status', status: 500 }],
    ['503', { kind: 'status', status: 503 }],
    ['a connection that is hung up', { kind: 'hang-up' }],
    ['a blob that ends too early', { kind: 'truncate', after: BLOB / 2 }],
  ] as const satisfies readonly (readonly [string, Fault])[]) {
    test(`one ${what} is tried again and the build succeeds`, async () => {
      const isFirst = fault.kind === 'truncate' ? ({ url }: Seen) => isLarge(url) : isBlob;
      const { result, proxy } = await buildThrough(once((request) => isBlob(request) && isFirst(request), fault));
      assert.equal(result.code, 0, result.stderr);
      const blobs = proxy.seen.filter(isBlob).map(({ url }) => url);
      assert.equal(blobs.length, new Set(blobs).size + 1, `one blob is asked for again: ${blobs.join(', ')}`);
      if (fault.kind === 'truncate') {
        assert.ok(
          proxy.seen.some((each) => each.range !== undefined),
          'the rest is asked for by Range',
        );
        assert.ok(proxy.downloaded < 2 * BLOB * 1.2, `${proxy.downloaded} bytes for ${2 * BLOB}`);
      }
    });
  }

  test('a registry that keeps answering 500 fails the build, names the image, and leaves no image behind', async () => {
    const { result } = await buildThrough((request) =>
      isManifest(request) ? { kind: 'status', status: 500 } : undefined,
    );
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /IMAGES_MISSING/);
    assert.match(result.stderr, /imageList:1/);
    assert.deepEqual(await sealerJson<unknown[]>(['images'], { home: join(folder, `home-${homes}`) }), []);
  });

  test('altered content is refused, never stored, and fetched again by the next run', async () => {
    const home = `home-${++homes}`;
    const { result } = await buildThrough((request) => (isBlob(request) ? { kind: 'alter' } : undefined), home);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /DIGEST_MISMATCH|IMAGES_MISSING/);
    assert.match(result.stderr, /digest/i);
    const { result: again } = await buildThrough(() => undefined, home);
    assert.equal(again.code, 0, again.stderr);
  });

  test('a manifest that is not what its digest says is refused', async () => {
    const { result } = await buildThrough((request) =>
      request.method === 'GET' && isManifest(request) ? { kind: 'alter' } : undefined,
    );
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /DIGEST_MISMATCH/);
  });

  test('a refused login names the registry and says that no credential was found', async () => {
    const { result, proxy } = await buildThrough(() => ({
      kind: 'status',
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="private"' },
    }));
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, new RegExp(proxy.address));
    assert.match(result.stderr, /credential|login/i);
  });

  test('a redirect to another origin is followed without the credential', async () => {
    // A second registry that serves the same blobs and writes down who asks.
    await using elsewhere = await startFaultyProxy({ upstream: registry.address });
    await using proxy = await startFaultyProxy({
      upstream: registry.address,
      fault: (request) => {
        if (request.authorization === undefined)
          return { kind: 'status', status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } };
        return isBlob(request) ? { kind: 'redirect', to: `http://${elsewhere.address}${request.url}` } : undefined;
      },
    });
    const home = join(folder, `home-${++homes}`);
    const config = join(folder, `docker-${homes}`);
    const auth = Buffer.from('user:pass:word').toString('base64');
    writeFiles(config, { 'config.json': JSON.stringify({ auths: { [proxy.address]: { auth } } }) });
    const result = await sealer(['pull', `${proxy.address}/app/web:v1`], { home, env: { DOCKER_CONFIG: config } });
    assert.equal(result.code, 0, result.stderr);
    assert.ok(elsewhere.seen.length >= 2, 'the blobs came from the other origin');
    assert.ok(
      elsewhere.seen.every((each) => each.authorization === undefined),
      'no credential crossed',
    );
    assert.ok(proxy.seen.some((each) => each.authorization === `Basic ${auth}`));
  });

  test('a registry that goes down midway: the next run fetches only the rest', async () => {
    const home = `home-${++homes}`;
    let blobs = 0;
    const { result, proxy } = await buildThrough((request) => {
      if (isBlob(request)) blobs += 1;
      // One large blob comes whole; the other breaks off and the registry is gone.
      if (blobs < 2) return undefined;
      return isBlob(request) && blobs === 2 ? { kind: 'truncate', after: BLOB / 3 } : { kind: 'hang-up' };
    }, home);
    assert.notEqual(result.code, 0);
    const { result: again, proxy: second } = await buildThrough(() => undefined, home);
    assert.equal(again.code, 0, again.stderr);
    const total = proxy.downloaded + second.downloaded;
    assert.ok(second.downloaded < 2 * BLOB * 0.9, `the second run fetched ${second.downloaded} bytes`);
    assert.ok(total < 2 * BLOB * 1.3, `${total} bytes in all for ${2 * BLOB}`);
  });

  test('a registry that goes down midway through a pull: the image is not there, and the next pull fetches only the rest', async () => {
    const home = join(folder, `home-${++homes}`);
    let isDown = false;
    let blobs = 0;
    await using proxy = await startFaultyProxy({
      upstream: registry.address,
      fault: (request) => {
        if (isLarge(request.url)) blobs += 1;
        if (blobs < 2 && !isDown) return undefined;
        if (isDown) return { kind: 'hang-up' };
        isDown = true;
        return { kind: 'truncate', after: BLOB / 2 };
      },
    });
    const name = `${proxy.address}/app/web:v1`;
    const broken = await sealer(['pull', name], { home });
    assert.equal(broken.code, 3, broken.stderr);
    assert.match(broken.stderr, /^error\[REGISTRY_(UNREACHABLE|ERROR)\]: .*\n {2}hint: /m);
    assert.ok(broken.stderr.includes(proxy.address));
    assert.deepEqual(await sealerJson<unknown[]>(['images'], { home }), []);
    blobs = -Infinity;
    isDown = false;
    const { moved } = await sealerJson<{ moved: number }>(['pull', name], { home });
    assert.ok(moved < 2 * BLOB * 0.9, `the second pull fetched ${moved} bytes`);
    assert.ok(proxy.downloaded < 2 * BLOB * 1.3, `${proxy.downloaded} bytes in all for ${2 * BLOB}`);
  });

  test('a registry that goes down midway through a push: nothing is named there, and the next push sends only the rest', async () => {
    const home = join(folder, `home-${++homes}`);
    const source = `${registry.address}/app/web:v1`;
    assert.equal((await sealer(['pull', source], { home })).code, 0);
    /** False while it is down, which it is once. */
    let isWhole: boolean | undefined;
    await using proxy = await startFaultyProxy({
      upstream: registry.address,
      // Down when all blobs are there, and before it has the manifest.
      fault: ({ method, url }) => {
        if (isWhole === undefined && method === 'PUT' && url.includes('/manifests/')) isWhole = false;
        return isWhole === false ? { kind: 'hang-up' } : undefined;
      },
    });
    const target = `${proxy.address}/pushed/web:v1`;
    const broken = await sealer(['push', source, target], { home });
    assert.equal(broken.code, 3, broken.stderr);
    assert.match(broken.stderr, /^error\[REGISTRY_(UNREACHABLE|ERROR)\]: .*\n {2}hint: /m);
    assert.equal((await fetch(`http://${registry.address}/v2/pushed/web/manifests/v1`)).status, 404);
    // It comes up again under the same address.
    isWhole = true;
    const { moved } = await sealerJson<{ moved: number }>(['push', source, target], { home });
    assert.ok(moved < BLOB / 2, `the second push sent ${moved} bytes`);
    await runTool('crane', ['validate', '--insecure', '--remote', `${registry.address}/pushed/web:v1`]);
  });
});

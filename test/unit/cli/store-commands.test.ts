import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { suite, test } from 'node:test';
import { parseListen } from '../../../src/cli/commands/registry-serve.ts';
import { describe } from '../../../src/oci/descriptor.ts';
import { serialize } from '../../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { run } from './fake-context.ts';

/** A store with one tiny image of two names. */
async function storeWithImage(): Promise<{ path: string; digest: string } & AsyncDisposable> {
  const folder = await temporaryFolder('cli');
  await using store = await Store.open(folder.path);
  const config = await store.add(
    Buffer.from(JSON.stringify({ os: 'linux', architecture: 'arm64', rootfs: { type: 'layers', diff_ids: [] } })),
    OCI_CONFIG,
  );
  const manifest = serialize({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] });
  const descriptor = await store.add(manifest, OCI_MANIFEST);
  assert.equal(descriptor.digest, describe(manifest, OCI_MANIFEST).digest);
  await store.tag('docker.io/library/shop:v1', descriptor);
  await store.tag('registry.example.com/shop:v1', descriptor);
  return { path: folder.path, digest: descriptor.digest, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

suite('images', () => {
  test('lists names as people write them, with digest, platform and size', async () => {
    await using store = await storeWithImage();
    const { code, stdout } = await run(['images', '--store', store.path]);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^NAME +DIGEST +PLATFORMS +SIZE$/);
    assert.match(lines[1] ?? '', new RegExp(`^shop:v1 +${store.digest.slice(7, 19)} +linux/arm64 +\\d+ B$`));
    assert.equal(lines.length, 3);
  });

  test('with --no-trunc and --digests prints all of it', async () => {
    await using store = await storeWithImage();
    assert.match(
      (await run(['images', '--store', store.path, '--no-trunc'])).stdout,
      /docker\.io\/library\/shop:v1 +sha256:[a-f0-9]{64}/,
    );
    assert.match((await run(['images', '--store', store.path, '--digests'])).stdout, /^shop:v1 +sha256:[a-f0-9]{64}/m);
  });

  test('says so where nothing has that name, and which command may have been meant', async () => {
    await using store = await storeWithImage();
    const { code, stderr } = await run(['images', 'discovr', '--store', store.path]);
    assert.equal(code, 0);
    assert.equal(stderr, 'No image of the store is called discovr. Did you mean `sealer images discover`?\n');
    assert.equal((await run(['images', 'other', '-q', '--store', store.path])).stderr, '');
  });

  test('takes the store from the environment, a filter, and gives JSON', async () => {
    await using store = await storeWithImage();
    const { stdout } = await run(['images', '--json', 'registry.example.com'], { env: { SEALER_HOME: store.path } });
    const images = JSON.parse(stdout);
    assert.deepEqual(
      images.map((each: { name: string }) => each.name),
      ['registry.example.com/shop:v1'],
    );
    assert.equal(images[0].digest, store.digest);
  });
});

suite('tag and rmi', () => {
  test('tag adds a name and moves nothing', async () => {
    await using store = await storeWithImage();
    const { code, stdout } = await run(['tag', '--json', '--store', store.path, store.digest.slice(7, 17), 'new']);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { digest: store.digest, tags: ['docker.io/library/new:latest'] });
    assert.match((await run(['images', '-q', '--store', store.path])).stdout, /docker\.io\/library\/new:latest/);
  });

  test('rmi by a digest with several names is refused, and all go with --force', async () => {
    await using store = await storeWithImage();
    const refused = await run(['rmi', '--store', store.path, store.digest]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /error\[IMAGE_IN_USE\].*shop:v1.*shop:v1/);
    const { stdout } = await run(['rmi', '--force', '--json', '--store', store.path, store.digest]);
    assert.equal(JSON.parse(stdout).removed.length, 2);
  });

  test('rmi removes nothing when one of the names does not exist', async () => {
    await using store = await storeWithImage();
    const { code, stderr } = await run(['rmi', '--store', store.path, 'shop:v1', 'shop:v2']);
    assert.equal(code, 1);
    assert.match(stderr, /IMAGE_NOT_FOUND.*shop:v2/);
    assert.match((await run(['images', '-q', '--store', store.path])).stdout, /shop:v1/);
  });
});

test('inspect --raw prints the very bytes that have the digest', async () => {
  await using store = await storeWithImage();
  const { stdout } = await run(['inspect', '--raw', '--store', store.path, 'shop:v1']);
  assert.equal(describe(Buffer.from(stdout), OCI_MANIFEST).digest, store.digest);
});

test('prune --dry-run tells and removes nothing; prune removes', async () => {
  await using store = await storeWithImage();
  await run(['rmi', '--force', '--store', store.path, store.digest]);
  const told = JSON.parse((await run(['prune', '--dry-run', '--json', '--store', store.path])).stdout);
  assert.equal(told.dryRun, true);
  const done = await run(['prune', '--store', store.path]);
  assert.equal(done.code, 0);
  assert.match(done.stdout, /^removed \d+ blobs?/);
});

test('registry serve listens on loopback unless told otherwise', () => {
  assert.deepEqual(parseListen(':0'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(parseListen('[::1]:5000'), { host: '::1', port: 5000 });
  assert.deepEqual(parseListen('0.0.0.0'), { host: '0.0.0.0', port: 5000 });
  assert.throws(() => parseListen('localhost:99999'), /not an address/);
});

test('registry serve --json says its address in one line, and ends when it is interrupted', async () => {
  await using folder = await temporaryFolder('serve');
  const interruption = new AbortController();
  const { code, stdout } = await run(
    ['registry', 'serve', '--json', '--listen', 'localhost:0', '--root', folder.path],
    {
      signal: interruption.signal,
      onOutput: () => interruption.abort(),
    },
  );
  assert.equal(code, 0);
  assert.match(JSON.parse(stdout).address, /^(localhost|127\.0\.0\.1):\d+$/);
});

test('save to a folder that does not exist names the file, and leaves nothing', async () => {
  await using store = await storeWithImage();
  const { code, stderr } = await run(['save', '--store', store.path, '-o', '/nonexistent/x.tar', 'shop:v1']);
  assert.equal(code, 1);
  assert.match(stderr, /error\[PERMISSION\]: \/nonexistent\/x\.tar cannot be written/);
});

test('an archive goes from store to store, whole', async () => {
  await using store = await storeWithImage();
  await using other = await temporaryFolder('other');
  await using folder = await temporaryFolder('archive');
  const saved = await run([
    'save',
    '-q',
    '--store',
    store.path,
    '-o',
    `${folder.path}/a.tar`,
    'shop:v1',
    'registry.example.com/shop:v1',
  ]);
  assert.equal(saved.code, 0, saved.stderr);
  const piped = await run(['load', '--json', '-q', '--store', other.path, '-i', `${folder.path}/a.tar`]);
  assert.equal(piped.code, 0, piped.stderr);
  const { images } = JSON.parse(piped.stdout);
  assert.deepEqual(new Set(images.map((each: { digest: string }) => each.digest)), new Set([store.digest]));
  assert.deepEqual(readdirSync(folder.path), ['a.tar'], 'no draft is left');
});

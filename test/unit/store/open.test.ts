import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import { imageSize, reachable, Store, storeRoot } from '../../../src/oci/store/index.ts';
import { temporaryFolder, temporaryStore } from './folder.ts';
import { addImage, addIndex } from './images.ts';

test('the store is where SEALER_HOME says, else in the XDG data folder', () => {
  assert.equal(storeRoot({ SEALER_HOME: '/a/b', XDG_DATA_HOME: '/x' }), '/a/b');
  assert.equal(storeRoot({ XDG_DATA_HOME: '/x', HOME: '/home/u' }), '/x/sealer');
  assert.equal(storeRoot({ XDG_DATA_HOME: 'relative', HOME: '/home/u' }), '/home/u/.local/share/sealer');
});

test('a new store is an OCI image layout', async (t) => {
  const { root } = await temporaryStore(t);
  assert.deepEqual(JSON.parse(await readFile(join(root, 'oci-layout'), 'utf8')), { imageLayoutVersion: '1.0.0' });
  const index = JSON.parse(await readFile(join(root, 'index.json'), 'utf8'));
  assert.equal(index.schemaVersion, 2);
  assert.deepEqual(index.manifests, []);
});

test('many can make the same new store at once', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  const stores = await Promise.all(Array.from({ length: 8 }, () => Store.open(root)));
  for (const store of stores) await store[Symbol.asyncDispose]();
});

test('a folder with other files is refused and left as it is', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'letter.txt'), 'dear');
  await assert.rejects(Store.open(folder), (error: { code: string; message: string; hint: string }) => {
    assert.equal(error.code, 'STORE_INVALID');
    assert.match(error.message, /letter\.txt/);
    assert.match(error.hint, /SEALER_HOME/);
    return true;
  });
  await assert.rejects(Store.open(join(folder, 'letter.txt')), { code: 'STORE_INVALID' });
});

test('a layout of a later version, or with a broken oci-layout file, is refused', async (t) => {
  for (const layout of ['{"imageLayoutVersion":"2.0.0"}', '{}', 'null', '{']) {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'oci-layout'), layout);
    await assert.rejects(Store.open(folder), { code: 'STORE_INVALID' });
  }
});

test('blobs that a crash of the machine damaged are found on the next open, and older ones are not read', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'store');
  const blob = (digest: string) => join(root, 'blobs', ...digest.split(':'));
  await using store = await Store.open(root);
  const good = await store.add(Buffer.from('good'), OCI_LAYER);
  const bad = await store.add(Buffer.from('bad'), OCI_LAYER);
  const old = await store.add(Buffer.from('old'), OCI_LAYER);
  const markers = await readdir(join(root, 'unsynced'));
  assert.equal(markers.length, 1, 'the first write of a boot leaves a marker');

  // As after a crash: the marker is of another boot, and the page cache is lost.
  await writeFile(join(root, 'unsynced', '00000000-0000-0000-0000-000000000000'), '');
  await writeFile(blob(bad.digest), '\0\0\0');
  await writeFile(blob(old.digest), 'xxx');
  const longAgo = new Date(Date.now() - 24 * 60 * 60 * 1000);
  await utimes(blob(old.digest), longAgo, longAgo);

  await using reopened = await Store.open(root);
  assert.equal(await reopened.stat(good.digest), 4);
  assert.equal(await reopened.stat(bad.digest), undefined);
  assert.equal(await reopened.stat(old.digest), 3);
  assert.deepEqual(await readdir(join(root, 'unsynced')), markers);
});

test('a scratch folder is gone after its use, with folders in it that nobody may write to', async (t) => {
  const store = await temporaryStore(t);
  const scratch = await store.scratch('unpack the base/image');
  await mkdir(join(scratch.path, 'closed', 'inner'), { recursive: true });
  await writeFile(join(scratch.path, 'closed', 'file'), '');
  await chmod(join(scratch.path, 'closed'), 0o500);
  await scratch[Symbol.asyncDispose]();
  await assert.rejects(stat(scratch.path), { code: 'ENOENT' });
});

test('what is too large for memory is refused', async (t) => {
  const store = await temporaryStore(t);
  const { digest } = await store.add(Buffer.alloc(100), OCI_LAYER);
  await assert.rejects(store.bytes(digest, 99), { code: 'INVALID_MANIFEST' });
});

test('the size of an image counts each blob once and names what is missing', async (t) => {
  const store = await temporaryStore(t);
  const one = await addImage(store, 'shared layer');
  const two = await addImage(store, 'shared layer', { annotations: { second: 'yes' } });
  const absent = { ...one, digest: digestOf('absent') };
  const index = await addIndex(store, [one, two, absent]);
  const digests: string[] = [];
  for await (const each of reachable(store, index)) digests.push(each.digest);
  // Index, two manifests, one config, one layer, and the absent manifest.
  assert.equal(digests.length, 6);
  assert.equal(digests[0], index.digest);
  const { bytes, missing } = await imageSize(store, index);
  assert.deepEqual(missing, [absent]);
  const sizes = await Promise.all(
    digests.map((each) =>
      stat(join(store.root, 'blobs', ...each.split(':'))).then(
        (s) => s.size,
        () => 0,
      ),
    ),
  );
  assert.equal(
    bytes,
    sizes.reduce((sum, size) => sum + size, 0),
  );
});

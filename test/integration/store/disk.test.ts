/** Disks that are full or read-only. Needs root for a small file system of its own, or for a user without rights. */

import assert from 'node:assert/strict';
import { mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { noise, temporaryFolder } from '../../lab/scratch.ts';
import { runTool, works } from '../../lab/tools.ts';

const canMount = works('unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt') && process.getuid?.() === 0;
const skip = canMount ? false : 'needs the right to mount a small file system';

/** A file system of 8 MiB that is gone with the test. */
async function smallDisk(path: string): Promise<AsyncDisposable> {
  await mkdir(path);
  await runTool('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'sealer-test', path]);
  return { [Symbol.asyncDispose]: async () => void (await runTool('umount', [path])) };
}

test('a full disk is an error that names the store and what it needs, and a rerun works', { skip }, async () => {
  await using folder = await temporaryFolder('store-full');
  const mount = join(folder.path, 'disk');
  await using _ = await smallDisk(mount);
  await using store = await Store.open(join(mount, 'store'));
  const large = noise(6 << 20, 'large');
  const filler = await store.add(noise(4 << 20, 'filler'), OCI_LAYER);
  await assert.rejects(store.add(large, OCI_LAYER), (error: { code: string; message: string; hint: string }) => {
    assert.equal(error.code, 'DISK_FULL');
    assert.ok(error.message.includes(store.root) && error.message.includes(String(large.length)), error.message);
    assert.match(error.hint, /prune/);
    return true;
  });
  assert.deepEqual(await readdir(join(store.root, 'ingest')), [], 'the disk is not kept full');
  assert.equal(await store.stat(filler.digest), filler.size);
  await unlink(join(store.root, 'blobs', 'sha256', filler.digest.slice(7)));
  await store.add(large, OCI_LAYER);
  assert.equal(await store.stat(digestOf(large)), large.length);
});

test('a store that cannot be written to can be read', { skip }, async () => {
  await using folder = await temporaryFolder('store-read-only');
  const mount = join(folder.path, 'disk');
  await using _ = await smallDisk(mount);
  const root = join(mount, 'store');
  const content = Buffer.from('readable');
  const name = 'localhost/a:v1';
  {
    await using store = await Store.open(root);
    await store.tag(name, await store.add(content, OCI_LAYER));
  }
  await runTool('mount', ['-o', 'remount,ro', mount]);
  await using store = await Store.open(root);
  const descriptor = await store.resolve(name);
  assert.ok(descriptor);
  assert.deepEqual(await store.bytes(descriptor.digest), content);
  await assert.rejects(store.add(Buffer.from('new'), OCI_LAYER), { code: 'PERMISSION' });
  await assert.rejects(store.tag('localhost/b:v1', descriptor), { code: 'PERMISSION' });
  await assert.rejects(store.untag(name), { code: 'PERMISSION' });
});

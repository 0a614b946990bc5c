import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import { imageSize, knownReferrers, Store } from '../../../src/oci/store/index.ts';
import { ownOwner } from '../../../src/oci/store/owner.ts';
import { brackets } from './brackets.ts';
import { runChild, startChild } from './child.ts';
import { temporaryFolder } from './folder.ts';
import { addImage, addIndex } from './images.ts';

/** Fills a store in a session of its own, and lets all that it wrote be some hours old. */
async function oldStore(root: string, fill: (store: Store) => Promise<void>, hours = 1): Promise<void> {
  {
    await using store = await Store.open(root);
    await fill(store);
  }
  await makeOld(root, hours);
}

/** Makes all files so old that are not older. */
async function makeOld(root: string, hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * 60 * 60 * 1000);
  for (const entry of await readdir(root, { recursive: true })) {
    const file = join(root, entry);
    if ((await stat(file)).mtime > then) await utimes(file, then, then);
  }
}

async function isWhole(store: Store, image: Descriptor): Promise<boolean> {
  return (await imageSize(store, image)).missing.length === 0;
}

test('what a name leads to stays, and the rest goes', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  const kept: Descriptor[] = [];
  let lost: Descriptor | undefined;
  await oldStore(root, async (store) => {
    kept.push(await addIndex(store, [await addImage(store, 'kept')]));
    await store.tag('localhost/kept:v1', kept[0] as Descriptor);
    lost = await addImage(store, 'lost');
  });
  await using store = await Store.open(root);
  const planned = await store.prune({ dryRun: true });
  assert.equal(planned.blobs, 3);
  assert.equal((await readdir(join(root, 'blobs', 'sha256'))).length, 7, 'a dry run removes nothing');
  assert.deepEqual(await store.prune(), planned);
  for (const image of kept) assert.equal(await isWhole(store, image), true);
  assert.equal(lost && (await store.stat(lost.digest)), undefined);
  assert.deepEqual(await readdir(join(root, 'trash')), []);
});

test('referrers of what stays stay, and their referrers', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  const images: Descriptor[] = [];
  await oldStore(root, async (store) => {
    const subject = await addImage(store, 'subject');
    const signature = await addImage(store, 'signature', { subject, artifactType: 'application/x.signature' });
    const ofSignature = await addImage(store, 'of the signature', { subject: signature });
    await store.tag('localhost/a:v1', await addIndex(store, [subject]));
    const orphan = await addImage(store, 'orphan', { subject: { ...subject, digest: digestOf('nobody') } });
    images.push(subject, signature, ofSignature, orphan);
  });
  await using store = await Store.open(root);
  const [subject, signature] = images;
  const referrers = subject && (await knownReferrers(store)).get(subject.digest);
  assert.deepEqual(
    referrers?.map((each) => [each.digest, each.artifactType]),
    [[signature?.digest, 'application/x.signature']],
  );
  await store.prune();
  assert.deepEqual(await Promise.all(images.map((each) => isWhole(store, each))), [true, true, true, false]);
});

test('a blob stays for the content that is embedded in it', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  const content = Buffer.from('layer of a container image');
  let image: Descriptor | undefined;
  await oldStore(root, async (store) => {
    for (const each of [content, Buffer.from('nobody wants this')]) {
      await using ingest = await store.ingest({
        digest: digestOf(each),
        envelope: brackets,
      });
      await ingest.write(each);
      await ingest.commit();
    }
    image = await addImage(store, content);
    await store.tag('localhost/a:v1', image);
  });
  await using store = await Store.open(root);
  assert.equal((await store.prune()).blobs, 1);
  assert.ok(image && (await isWhole(store, image)));
  assert.deepEqual(await readdir(join(root, 'aliases', 'sha256')), [digestOf(content).slice(7)]);
});

test('what a living process wrote or looked at stays, though no name leads to it', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  const old: Descriptor[] = [];
  await oldStore(
    root,
    async (store) => {
      for (const text of ['looked at', 'not looked at']) old.push(await store.add(Buffer.from(text), OCI_LAYER));
    },
    2,
  );
  const [lookedAt, notLookedAt] = old.map((each) => each.digest);
  const child = startChild(t, 'hold', root, lookedAt ?? '');
  await once(child, 'message');
  // All that happened up to here is long ago; only the lease tells that somebody may still need it.
  await makeOld(root, 1);
  await using store = await Store.open(root);
  assert.equal((await store.prune()).blobs, 1);
  assert.deepEqual((await readdir(join(root, 'blobs', 'sha256'))).sort(), [
    ...[lookedAt, digestOf('held by a living process')].map((each) => each?.slice(7)).sort(),
  ]);
  assert.notEqual(lookedAt, notLookedAt);
  child.send('leave');
  await once(child, 'exit');
  assert.equal((await store.prune()).blobs, 2, 'the lease of a dead process does not count');
});

test('a manifest that a living process looked at keeps its layers', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  let image: Descriptor | undefined;
  await oldStore(root, async (store) => {
    image = await addIndex(store, [await addImage(store, 'about to get a name')]);
  });
  await using store = await Store.open(root);
  assert.ok(image);
  await store.document(image.digest);
  assert.equal((await store.prune()).blobs, 0);
  assert.ok(await isWhole(store, image));
});

test('left-overs of dead processes go: partials, scratch folders, trash, leases', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  // Like this process, but with a number that no process has.
  const dead = ownOwner().replace(/^\d+/, '999999999');
  let trashed: Descriptor | undefined;
  await oldStore(root, async (store) => {
    trashed = await addImage(store, 'was about to go when somebody named it');
    await store.tag('localhost/a:v1', trashed);
    await writeFile(join(root, 'ingest', `new.${dead}.aa`), 'partial');
    await mkdir(join(root, 'scratch', `rootfs.${dead}.bb`, 'deep'), { recursive: true });
    await writeFile(join(root, 'leases', `lease.${dead}.cc`), '');
    await mkdir(join(root, 'trash', `trash.${dead}.dd`));
    const hex = trashed.digest.slice(7);
    await rename(join(root, 'blobs', 'sha256', hex), join(root, 'trash', `trash.${dead}.dd`, `sha256-${hex}`));
  });
  await using store = await Store.open(root);
  const result = await store.prune();
  assert.deepEqual({ partials: result.partials, scratch: result.scratch }, { partials: 1, scratch: 1 });
  for (const folder of ['ingest', 'scratch', 'leases', 'trash'])
    assert.deepEqual(await readdir(join(root, folder)), []);
  assert.ok(trashed && (await isWhole(store, trashed)), 'what is wanted comes back from the trash');
});

test('caches go only when all is to go, and their folders stay', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  await using store = await Store.open(root);
  const cache = await store.cacheFolder('layers');
  await writeFile(join(cache, 'key'), 'cached');
  assert.equal((await store.prune()).cached, 0);
  const { cached, bytes } = await store.prune({ all: true });
  assert.deepEqual({ cached, bytes }, { cached: 1, bytes: 6 });
  assert.deepEqual(await readdir(cache), []);
});

test('a name whose manifest is lost or broken does not stop a prune', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  await oldStore(root, async (store) => {
    const image = await addImage(store, 'broken');
    await store.tag('localhost/broken:v1', image);
    await store.tag('localhost/lost:v1', { ...image, digest: digestOf('lost') });
    await writeFile(join(root, 'blobs', ...image.digest.split(':')), '{ not json');
  });
  await using store = await Store.open(root);
  assert.equal((await store.prune()).blobs, 2);
  assert.equal((await store.names()).length, 2);
});

test('images built while others prune are whole in the end', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  await oldStore(root, async (store) => {
    for (let i = 0; i < 10; i++) await addImage(store, `p ${i}`);
  });
  await Promise.all(['p', 'q', 'r'].map((id) => runChild(t, 'build-and-prune', root, id)));
  await using store = await Store.open(root);
  const names = await store.names();
  assert.equal(names.length, 18);
  for (const { name, descriptor } of names) assert.ok(await isWhole(store, descriptor), name);
});

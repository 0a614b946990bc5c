import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { imageSize, Store } from '../../../src/oci/store/index.ts';
import { ownOwner, parseOwnedName } from '../../../src/oci/store/owner.ts';
import { runChild, startChild } from './child.ts';
import { temporaryFolder, temporaryStore } from './folder.ts';
import { addImage, json } from './images.ts';

const SOMETHING = { mediaType: OCI_MANIFEST, digest: digestOf('something'), size: 9 };

async function indexNames(root: string): Promise<[string, string][]> {
  const { manifests } = JSON.parse(await readFile(join(root, 'index.json'), 'utf8'));
  return manifests.map((each: { digest: string; annotations: Record<string, string> }) => [
    each.annotations['org.opencontainers.image.ref.name'],
    each.digest,
  ]);
}

test('a name leads to its image until it is taken away', async (t) => {
  const store = await temporaryStore(t);
  await store.tag('docker.io/library/nginx:1.25', SOMETHING);
  assert.deepEqual(await store.resolve('docker.io/library/nginx:1.25'), SOMETHING);
  assert.equal(await store.untag('docker.io/library/nginx:1.25'), true);
  assert.equal(await store.untag('docker.io/library/nginx:1.25'), false);
  assert.equal(await store.resolve('docker.io/library/nginx:1.25'), undefined);
  assert.deepEqual(await indexNames(store.root), []);
});

test('names come sorted, and index.json says the same', async (t) => {
  const store = await temporaryStore(t);
  for (const name of ['localhost/b:v1', 'localhost/a:v1', 'localhost/a:V1']) await store.tag(name, SOMETHING);
  const names = (await store.names()).map((each) => each.name);
  assert.deepEqual(names, ['localhost/a:V1', 'localhost/a:v1', 'localhost/b:v1']);
  assert.deepEqual(
    (await indexNames(store.root)).map(([name]) => name),
    names,
  );
});

test('the annotations of an image stay, beside its name', async (t) => {
  const store = await temporaryStore(t);
  const annotated = { ...SOMETHING, annotations: { kind: 'cluster' } };
  await store.tag('localhost/a:v1', annotated);
  const { manifests } = JSON.parse(await readFile(join(store.root, 'index.json'), 'utf8'));
  assert.equal(manifests[0].annotations.kind, 'cluster');
  assert.deepEqual(await store.resolve('localhost/a:v1'), annotated);
});

test('the longest names that the grammar allows can be used', async (t) => {
  const store = await temporaryStore(t);
  const name = `localhost:5000/${'a/'.repeat(110)}b:${'T'.repeat(128)}@${SOMETHING.digest}`;
  await store.tag(name, SOMETHING);
  assert.deepEqual(await store.resolve(name), SOMETHING);
  assert.deepEqual(
    (await store.names()).map((each) => each.name),
    [name],
  );
  assert.equal(await store.untag(name), true);
});

test('an incomplete name is refused with the complete one as hint', async (t) => {
  const store = await temporaryStore(t);
  await assert.rejects(store.tag('nginx', SOMETHING), {
    code: 'INVALID_REFERENCE',
    hint: 'Write docker.io/library/nginx:latest.',
  });
});

test('an index.json that a killed process left behind is mended on open', async (t) => {
  const store = await temporaryStore(t);
  await store.tag('localhost/a:v1', SOMETHING);
  await writeFile(join(store.root, 'index.json'), '{"schemaVersion":2,"manifests":[');
  await using _ = await Store.open(store.root);
  assert.deepEqual(await indexNames(store.root), [['localhost/a:v1', SOMETHING.digest]]);
});

test('a file of a name that power loss emptied is no name', async (t) => {
  const store = await temporaryStore(t);
  await store.tag('localhost/a:v1', SOMETHING);
  await store.tag('localhost/b:v1', SOMETHING);
  await writeFile(join(store.root, 'refs', 'localhost%2fa%3av1'), '');
  assert.deepEqual(
    (await store.names()).map((each) => each.name),
    ['localhost/b:v1'],
  );
  assert.equal(await store.resolve('localhost/a:v1'), undefined);
});

test('an image layout of another tool keeps its names', async (t) => {
  const root = join(await temporaryFolder(t), 'layout');
  await mkdir(join(root, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': 'quay.io/team/app:v1' };
  await writeFile(join(root, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...SOMETHING, annotations }] }));
  await using store = await Store.open(root);
  assert.deepEqual(await store.resolve('quay.io/team/app:v1'), SOMETHING);
});

test('names whose content is lost are still listed', async (t) => {
  const store = await temporaryStore(t);
  const image = await addImage(store, 'content');
  await store.tag('localhost/a:v1', image);
  await unlink(join(store.root, 'blobs', 'sha256', image.digest.slice(7)));
  assert.deepEqual(
    (await store.names()).map((each) => each.name),
    ['localhost/a:v1'],
  );
});

test('a process that was held up while it named an image takes no name out of index.json', async (t) => {
  const store = await temporaryStore(t);
  const child = startChild(t, 'name-when-told', store.root);
  await once(child, 'message');
  const began = performance.now();
  let duration = 0;
  for (let round = 0; round < 40; round++) {
    const named = once(child, 'message');
    const told = performance.now();
    child.send('name');
    // Held at a moment that is another one in each round, from its first step to its last.
    while (round > 0 && performance.now() - told < (duration * round) / 40) await setImmediate();
    if (round > 0) {
      child.kill('SIGSTOP');
      await store.tag(`localhost/parent:v${round}`, SOMETHING);
      child.kill('SIGCONT');
    }
    await named;
    if (round === 0) duration = performance.now() - began;
    const names = (await store.names()).map((each) => [each.name, each.descriptor.digest]);
    assert.deepEqual(await indexNames(store.root), names);
  }
});

test('processes that name images at once lose no name, and index.json ends as the names are', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  await Promise.all(['p', 'q', 'r'].map((id) => runChild(t, 'names', root, id)));
  // Not opened before this is read: opening mends.
  const written = await indexNames(root);
  await using store = await Store.open(root);
  const names = await store.names();
  assert.deepEqual(
    written,
    names.map((each) => [each.name, each.descriptor.digest]),
  );
  assert.equal(names.length, 3 * 6 + 1);
  for (const { descriptor } of names) assert.equal(await store.stat(descriptor.digest), descriptor.size);
});

test('after kill -9 amid the work the store is whole, and goes on', async (t) => {
  const root = join(await temporaryFolder(t), 'store');
  for (let round = 0; round < 3; round++) {
    const children = [startChild(t, 'work-until-killed', root), startChild(t, 'work-until-killed', root)];
    // Each says when it has done something, and is killed wherever it is by then.
    await Promise.all(children.map((child) => once(child, 'message')));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => once(child, 'exit')));
    await using store = await Store.open(root);
    const names = await store.names();
    assert.deepEqual(
      await indexNames(root),
      names.map((each) => [each.name, each.descriptor.digest]),
    );
    for (const { descriptor } of names) assert.ok((await imageSize(store, descriptor)).missing.length === 0);
    await store.prune();
    const leases = (await readdir(join(root, 'leases'))).map((file) => parseOwnedName(file)?.owner);
    assert.deepEqual(
      leases.filter((owner) => owner !== ownOwner()),
      [],
    );
  }
});

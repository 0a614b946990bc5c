import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { createIndex } from '../../../src/registry/client/index.ts';
import { type LabRegistry, pushForBoth, startLabRegistry } from '../../lab/base-images/registry.ts';
import { folderOf } from '../../lab/scratch.ts';

/** A registry with an image of both platforms, and the references of its two manifests. */
async function setting(t: Parameters<typeof folderOf>[0]): Promise<{
  readonly registry: LabRegistry;
  readonly name: (tag: string) => ReturnType<typeof parseReference>;
  readonly sources: readonly ReturnType<typeof parseReference>[];
}> {
  const registry = await startLabRegistry(await folderOf(t), []);
  t.after(() => registry[Symbol.asyncDispose]());
  const name = (tag: string) => parseReference(`${registry.address}/app:${tag}`);
  await pushForBoth(registry.client, name('whole'), 'app');
  const document = await registry.client.document(name('whole'));
  assert.ok(document.kind === 'index');
  const sources = document.index.manifests.map(({ digest }) => parseReference(`${registry.address}/app@${digest}`));
  return { registry, name, sources };
}

const failsWith = (code: string) => (error: unknown) => error instanceof SealerError && error.code === code;

test('manifests pushed by digest become one index, whatever their order, under all names', async (t) => {
  const { registry, name, sources } = await setting(t);
  const { client } = registry;
  const options = { targets: [name('v1-r1'), name('v1')], immutable: [name('v1-r1')] };
  const one = await createIndex(client, { sources, ...options });
  const two = await createIndex(client, { sources: sources.toReversed(), ...options });
  assert.equal(one.digest, two.digest);
  const { digest } = await client.resolve(name('v1'));
  assert.equal(digest, one.digest);
  const made = await client.document(name('v1-r1'));
  assert.ok(made.kind === 'index');
  assert.deepEqual(
    made.index.manifests.map(({ platform }) => platform?.architecture),
    ['amd64', 'arm64'],
  );
  const ofIndex = await createIndex(client, { sources: [name('whole')], targets: [] });
  assert.equal(ofIndex.digest, one.digest, 'an index gives all its platforms');
});

test('a name that never moves is refused before anything is put', async (t) => {
  const { registry, name, sources } = await setting(t);
  const { client } = registry;
  const [first] = sources;
  assert.ok(first);
  await createIndex(client, { sources, targets: [name('v1-r1')] });
  const again = { sources: [first], targets: [name('v1-r1'), name('v1')], immutable: [name('v1-r1')] };
  await assert.rejects(createIndex(client, again), failsWith('TAG_TAKEN'));
  assert.equal(await client.hasDocument(name('v1')), false);
});

test('two images of one platform, images of another repository, and none at all are refused', async (t) => {
  const { registry, name, sources } = await setting(t);
  const { client, address } = registry;
  const [first] = sources;
  assert.ok(first);
  await assert.rejects(
    createIndex(client, { sources: [first, name('whole')], targets: [] }),
    failsWith('IMAGE_CONFLICT'),
  );
  const elsewhere = parseReference(`${address}/other:v1`);
  await assert.rejects(createIndex(client, { sources, targets: [elsewhere] }), failsWith('USAGE'));
  await assert.rejects(createIndex(client, { sources: [], targets: [] }), failsWith('USAGE'));
});

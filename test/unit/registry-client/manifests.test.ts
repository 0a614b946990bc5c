import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseDocument } from '../../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { noise } from '../../lab/scratch.ts';
import { answer, sha256 } from './fake-registry.ts';
import { makeImage, sealerError, seed, setUp } from './setting.ts';

const image = makeImage([noise(1000)]);
const other = makeImage([noise(1000, '2')]);

async function all(items: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('resolving asks by HEAD, and by GET where HEAD tells no digest', async (t) => {
  const { registry, client, ref } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  assert.deepEqual(await client.resolve(ref('team/app:v1')), image.manifest);
  registry.script(/^HEAD/, answer(200, { 'Content-Type': OCI_MANIFEST }));
  assert.deepEqual(await client.resolve(ref('team/app:v1')), image.manifest);
  registry.script(/^HEAD/, answer(405));
  assert.deepEqual(await client.resolve(ref('team/app:v1')), image.manifest);
  assert.deepEqual(
    registry.seen.map(({ method }) => method),
    ['HEAD', 'HEAD', 'GET', 'HEAD', 'GET'],
  );
});

test('a manifest that is not its digest fails with DIGEST_MISMATCH', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.always(/^GET/, answer(200, { 'Content-Type': OCI_MANIFEST }, other.bytes));
  const asked = ref(`team/app@${image.manifest.digest}`);
  await assert.rejects(client.document(asked), sealerError('DIGEST_MISMATCH', new RegExp(other.manifest.digest)));
});

test('a registry whose header does not fit its body fails with DIGEST_MISMATCH', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const head = { 'Content-Type': OCI_MANIFEST, 'Docker-Content-Digest': image.manifest.digest };
  registry.always(/^GET/, answer(200, head, other.bytes));
  await assert.rejects(client.document(ref('team/app:v1')), sealerError('DIGEST_MISMATCH'));
});

test('a HEAD that names another digest than asked for fails with DIGEST_MISMATCH', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const head = { 'Content-Type': OCI_MANIFEST, 'Docker-Content-Digest': other.manifest.digest };
  registry.always(/^HEAD/, answer(200, head, ''));
  await assert.rejects(client.resolve(ref(`team/app@${image.manifest.digest}`)), sealerError('DIGEST_MISMATCH'));
});

test('a manifest by sha512 is checked as such and keeps its name', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const digest = digestOf(image.bytes, 'sha512');
  registry.always(/^GET/, answer(200, { 'Content-Type': OCI_MANIFEST }, image.bytes));
  const document = await client.document({ ...ref('team/app:v1'), tag: undefined, digest });
  assert.equal(document.descriptor.digest, digest);
});

test('a manifest larger than 8 MiB is not read', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.always(/^GET/, answer(200, { 'Content-Type': OCI_MANIFEST }, Buffer.alloc(9 * 1024 * 1024, ' ')));
  await assert.rejects(client.document(ref('team/app:v1')), sealerError('REGISTRY_ERROR', /more than 8388608 bytes/));
});

test('a document is put with its bytes as they are, by tag or by digest', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const odd = Buffer.from(`${image.bytes.toString().replace('{', '{ \n')}\n`);
  const document = parseDocument(odd);
  await client.putDocument(ref('team/app:v1'), document);
  await client.putDocument({ ...ref('team/app:v1'), tag: undefined }, document);
  assert.deepEqual(registry.manifests.get('team/app:v1')?.bytes, odd);
  assert.deepEqual(registry.calls(), [
    'PUT /v2/team/app/manifests/v1',
    `PUT /v2/team/app/manifests/${document.descriptor.digest}`,
  ]);
});

test('a registry that understood another digest fails with DIGEST_MISMATCH', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.script(/^PUT/, answer(201, { 'Docker-Content-Digest': other.manifest.digest }));
  await assert.rejects(
    client.putDocument(ref('team/app:v1'), parseDocument(image.bytes)),
    sealerError('DIGEST_MISMATCH'),
  );
});

test('tags are listed over all pages', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.script(
    /tags\/list/,
    answer(200, { Link: '</v2/team/app/tags/list?n=2&last=b>; rel="next"' }, '{"tags":["a","b"]}'),
    answer(200, {}, '{"tags":["c"]}'),
  );
  assert.deepEqual(await all(client.tags(ref('team/app'))), ['a', 'b', 'c']);
});

test('pages that go round in a circle are an error', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const link = '</v2/team/app/tags/list?n=1000>; rel="next"';
  registry.always(/tags\/list/, answer(200, { Link: link }, '{"tags":["a"]}'));
  await assert.rejects(all(client.tags(ref('team/app'))), sealerError('REGISTRY_ERROR', /without end/));
});

test('referrers come from the API, filtered also where the registry does not filter', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const list = (artifactType: string) => ({ ...other.manifest, artifactType });
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [list('a/b'), list('c/d')] };
  registry.always(/referrers/, answer(200, {}, JSON.stringify(index)));
  assert.equal((await client.referrers(ref('team/app'), image.manifest.digest)).length, 2);
  assert.deepEqual(await client.referrers(ref('team/app'), image.manifest.digest, 'c/d'), [list('c/d')]);
});

for (const status of [404, 405]) {
  test(`a registry without referrers (${status}) is asked for the fallback tag`, async (t) => {
    const { registry, client, ref } = await setUp(t);
    registry.always(/referrers/, answer(status));
    const digest = image.manifest.digest;
    assert.deepEqual(await client.referrers(ref('team/app'), digest), []);
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [other.manifest] }));
    registry.manifests.set(`team/app:${digest.replace(':', '-')}`, { type: OCI_INDEX, bytes: index });
    assert.deepEqual(await client.referrers(ref('team/app'), digest), [other.manifest]);
  });
}

test('what has a subject is listed under the fallback tag of a registry that ignores subjects', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const plain = (seen: { body: Buffer; path: string }, response: { writeHead(status: number): { end(): void } }) => {
    const name = seen.path.split('/').at(-1) ?? '';
    registry.manifests.set(`team/app:${name}`, { type: OCI_INDEX, bytes: seen.body });
    response.writeHead(201).end();
    return true;
  };
  registry.always(/^PUT/, plain);
  const first = makeImage([noise(10)], { subject: image.manifest, artifactType: 'a/b', annotations: { k: 'v' } });
  const second = makeImage([noise(20)], { subject: image.manifest });
  for (const each of [first, second, first]) await client.putDocument(ref('team/app'), parseDocument(each.bytes));
  const name = image.manifest.digest.replace(':', '-');
  const { manifests } = JSON.parse(registry.manifests.get(`team/app:${name}`)?.bytes.toString() ?? '');
  assert.deepEqual(manifests[0], { ...first.manifest, artifactType: 'a/b', annotations: { k: 'v' } });
  assert.deepEqual(
    manifests.map(({ digest }: { digest: string }) => digest),
    [first.manifest.digest, second.manifest.digest],
  );
});

test('deleting says when the registry does not allow it', async (t) => {
  const { registry, client, ref } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  await client.deleteManifest(ref('team/app:v1'));
  registry.always(/^DELETE/, answer(405));
  await assert.rejects(client.deleteManifest(ref('team/app:v1')), sealerError('REGISTRY_ERROR', /does not allow/));
  assert.equal(sha256(image.bytes), image.manifest.digest);
});

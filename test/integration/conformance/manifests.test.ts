/** Every kind of content goes in, is found, comes out byte for byte, and goes. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectError, expectStatus, locationOf, Repository } from './client.ts';
import { type DataSet, dataSets, INDEX, type Manifest } from './data-sets.ts';
import { registryOf, STORAGES } from './registries.ts';

for (const kind of STORAGES) {
  describe(`manifests in a ${kind}`, () => {
    const registry = registryOf(kind);
    const repository = new Repository(registry, 'conformance/repo1');

    for (const set of dataSets()) {
      test(set.name, async () => {
        for (const blob of set.blobs) await repository.push(blob);
        if (set.refused === true) return expectRefusal(repository, set);
        await pushAll(repository, set);
        for (const manifest of set.manifests) await expectPulled(repository, manifest.digest, manifest);
        const top = set.manifests.at(-1);
        assert.ok(top);
        if (set.tag !== undefined) {
          await expectPulled(repository, set.tag, top);
          assert.ok((await tagsOf(repository)).includes(set.tag));
        }
        await expectReferrers(repository, set);
        await deleteAll(repository, set);
      });
    }

    test('Tag Param: a push by digest brings tags along, and says which', async () => {
      for (const algorithm of ['Image', 'Digest Algorithm sha512']) {
        const set = dataSets().find(({ name }) => name === algorithm);
        const top = set?.manifests.at(-1);
        assert.ok(set && top);
        for (const blob of set.blobs) await repository.push(blob);
        const names = Array.from({ length: 12 }, (_, i) => `param-${i}`);
        const query = `?${names.map((name) => `tag=${name}`).join('&')}`;
        const response = await repository.putManifest(top.digest, top.bytes, top.mediaType, query);
        const accepted = (await expectStatus(response, 201)).headers.get('oci-tag') ?? '';
        assert.deepEqual(accepted.split(', '), names);
        for (const name of names) await expectPulled(repository, name, top);
        await expectStatus(await repository.delete(`manifests/${top.digest}`), 202);
        for (const name of names) await expectStatus(await repository.get(`manifests/${name}`), 404);
      }
    });

    test('Bad Digest Image: a manifest that is not what it is called is refused', async () => {
      const [set] = dataSets();
      const top = set?.manifests.at(-1);
      assert.ok(set && top);
      for (const blob of set.blobs) await repository.push(blob);
      const altered = Buffer.concat([top.bytes, Buffer.from('  ')]);
      await expectError(await repository.putManifest(top.digest, altered, top.mediaType), 400, 'DIGEST_INVALID');
      await expectStatus(await repository.get(`manifests/${top.digest}`), 404);
    });

    test('Invalid Manifest Digest: what is no digest is refused', async () => {
      const [set] = dataSets();
      const top = set?.manifests.at(-1);
      assert.ok(top);
      for (const digest of ['sha256:1234', 'sha256:XYZ', `baddigest:${'a'.repeat(64)}`]) {
        await expectStatus(await repository.putManifest(digest, top.bytes, top.mediaType), 400);
      }
    });

    test('a tag moves, and the manifest that it leaves stays', async () => {
      const [first, second] = [dataSets()[0], dataSets()[0]].map((set) => {
        assert.ok(set);
        return set;
      });
      assert.ok(first && second);
      for (const set of [first, second]) {
        for (const blob of set.blobs) await repository.push(blob);
        const top = set.manifests[0];
        assert.ok(top);
        await expectStatus(await repository.putManifest('moving', top.bytes, top.mediaType), 201);
        await expectPulled(repository, 'moving', top);
      }
      await expectStatus(await repository.head(`manifests/${first.manifests[0]?.digest}`), 200);
    });

    test('if-none-match: who has a manifest gets no bytes', async () => {
      const [set] = dataSets();
      const top = set?.manifests[0];
      assert.ok(set && top);
      for (const blob of set.blobs) await repository.push(blob);
      await expectStatus(await repository.putManifest('etag', top.bytes, top.mediaType), 201);
      const etag = (await repository.head('manifests/etag')).headers.get('etag') ?? '';
      await expectStatus(await repository.get('manifests/etag', { 'If-None-Match': etag }), 304);
      await expectStatus(await repository.get('manifests/etag', { 'If-None-Match': '"sha256:0"' }), 200);
    });
  });
}

async function pushAll(repository: Repository, { manifests, tag }: DataSet): Promise<void> {
  for (const manifest of manifests) {
    const isTop = manifest === manifests.at(-1);
    const reference = isTop && tag !== undefined ? tag : manifest.digest;
    const response = await repository.putManifest(reference, manifest.bytes, manifest.mediaType);
    await expectStatus(response, 201);
    assert.equal(response.headers.get('docker-content-digest'), manifest.digest);
    const { subject } = manifest.json as { subject?: { digest: string } };
    assert.equal(response.headers.get('oci-subject'), subject?.digest ?? null);
    const pulled = await expectStatus(await repository.get(locationOf(response)), 200);
    assert.deepEqual(Buffer.from(await pulled.arrayBuffer()), manifest.bytes);
  }
}

async function expectRefusal(repository: Repository, { manifests }: DataSet): Promise<void> {
  const top = manifests.at(-1);
  assert.ok(top);
  const response = await repository.putManifest('sparse', top.bytes, top.mediaType);
  await expectError(response, 400, 'MANIFEST_BLOB_UNKNOWN');
  await expectStatus(await repository.get('manifests/sparse'), 404);
}

async function expectPulled(repository: Repository, reference: string, manifest: Manifest): Promise<void> {
  const head = await expectStatus(await repository.head(`manifests/${reference}`), 200);
  const got = await expectStatus(await repository.get(`manifests/${reference}`, { Accept: manifest.mediaType }), 200);
  for (const { headers } of [head, got]) {
    assert.equal(headers.get('content-type'), manifest.mediaType);
    assert.equal(headers.get('content-length'), String(manifest.bytes.length));
    assert.equal(headers.get('docker-content-digest'), manifest.digest);
  }
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), manifest.bytes);
}

async function tagsOf(repository: Repository): Promise<string[]> {
  const list = JSON.parse(await (await expectStatus(await repository.get('tags/list'), 200)).text());
  assert.equal(list.name, repository.name);
  assert.deepEqual(list.tags, list.tags.toSorted());
  return list.tags;
}

async function expectReferrers(repository: Repository, { manifests }: DataSet): Promise<void> {
  const subjects = new Set(manifests.map(({ json }) => (json as { subject?: { digest: string } }).subject?.digest));
  for (const subject of [...subjects].filter((each) => each !== undefined)) {
    const expected = manifests.filter(
      ({ json }) => (json as { subject?: { digest: string } }).subject?.digest === subject,
    );
    const response = await expectStatus(await repository.get(`referrers/${subject}`), 200);
    assert.equal(response.headers.get('content-type'), INDEX);
    const index = JSON.parse(await response.text());
    assert.deepEqual(
      index.manifests.map(({ digest }: { digest: string }) => digest),
      expected.map(({ digest }) => digest).sort(),
    );
    for (const descriptor of index.manifests) {
      const { json } = expected.find(({ digest }) => digest === descriptor.digest) ?? { json: {} };
      const { artifactType, annotations, config } = json as {
        artifactType?: string;
        annotations?: object;
        config?: { mediaType: string };
      };
      assert.equal(descriptor.artifactType, artifactType ?? config?.mediaType);
      assert.deepEqual(descriptor.annotations, annotations);
    }
    const type = 'application/vnd.example.sbom.v1';
    const filtered = await repository.get(`referrers/${subject}?artifactType=${encodeURIComponent(type)}`);
    assert.equal(filtered.headers.get('oci-filters-applied'), 'artifactType');
    for (const { artifactType } of JSON.parse(await filtered.text()).manifests) assert.equal(artifactType, type);
  }
}

async function deleteAll(repository: Repository, { manifests, tag, blobs }: DataSet): Promise<void> {
  if (tag !== undefined) {
    await expectStatus(await repository.delete(`manifests/${tag}`), 202);
    await expectError(await repository.get(`manifests/${tag}`), 404, 'MANIFEST_UNKNOWN');
    assert.ok(!(await tagsOf(repository)).includes(tag));
    await expectStatus(await repository.head(`manifests/${manifests.at(-1)?.digest}`), 200);
  }
  for (const { digest } of manifests.toReversed()) {
    await expectStatus(await repository.delete(`manifests/${digest}`), 202);
    await expectStatus(await repository.get(`manifests/${digest}`), 404);
    await expectStatus(await repository.delete(`manifests/${digest}`), 404);
  }
  for (const digest of new Set(blobs.map((blob) => blob.digest))) {
    await expectStatus(await repository.delete(`blobs/${digest}`), 202);
    await expectStatus(await repository.head(`blobs/${digest}`), 404);
  }
}

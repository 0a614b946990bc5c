/** Finding content: tags, referrers and repositories, in pages. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectError, expectStatus, Repository, randomBlob } from './client.ts';
import { type DataSet, dataSets, INDEX } from './data-sets.ts';
import { registryOf, STORAGES } from './registries.ts';

for (const kind of STORAGES) {
  describe(`discovery in a ${kind}`, () => {
    const registry = registryOf(kind);
    const repository = new Repository(registry, 'conformance/repo1');

    test('ping: the registry says that it is one', async () => {
      const response = await expectStatus(await repository.get('/v2/'), 200);
      assert.equal(response.headers.get('docker-distribution-api-version'), 'registry/2.0');
    });

    test('empty: a repository that nobody pushed to has no tags to list, and no referrers', async () => {
      const nobody = new Repository(registry, 'conformance/nobody');
      await expectError(await nobody.get('tags/list'), 404, 'NAME_UNKNOWN');
      const response = await expectStatus(await nobody.get(`referrers/${randomBlob().digest}`), 200);
      assert.equal(response.headers.get('content-type'), INDEX);
      assert.deepEqual(await response.json(), { schemaVersion: 2, mediaType: INDEX, manifests: [] });
      await expectError(await nobody.get('referrers/sha256:1234'), 400, 'DIGEST_INVALID');
    });

    test('tags come sorted, and in pages that lead on', async () => {
      const set = first('Image');
      const names = ['1.10', '1.9', 'latest', 'Alpha', '_x'];
      for (const tag of names) await push(repository, set, tag);
      const sorted = names.toSorted();
      assert.deepEqual(await tags('tags/list'), sorted);
      assert.deepEqual(await tags('tags/list?n=0'), []);
      assert.deepEqual(await tags('tags/list?last=Alpha'), sorted.slice(sorted.indexOf('Alpha') + 1));
      assert.deepEqual(await follow('tags/list?n=2', 'tags'), sorted);
      await expectStatus(await repository.get('tags/list?n=x'), 400);
    });

    test('the catalog lists repositories, nested ones too, in pages', async () => {
      for (const name of ['a', 'a/b', 'z9']) await push(new Repository(registry, name), first('Image'), 'v1');
      const all = await follow('/v2/_catalog?n=1', 'repositories');
      assert.deepEqual(all, all.toSorted());
      for (const name of ['a', 'a/b', 'z9']) assert.ok(all.includes(name), name);
    });

    test('more referrers than fit one answer come in pages, each once', async () => {
      const subject = first('Image');
      await push(repository, subject, 'subject');
      const top = subject.manifests[0];
      assert.ok(top);
      const pushed: string[] = [];
      for (let i = 0; i < 4; i++) {
        const artifact = first('Artifact').manifests[0];
        for (const blob of first('Artifact').blobs) await repository.push(blob);
        assert.ok(artifact);
        const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: EMPTY_JSON, size: 2 };
        const bytes = Buffer.from(
          JSON.stringify({
            schemaVersion: 2,
            mediaType: artifact.mediaType,
            config,
            layers: [],
            subject: { mediaType: top.mediaType, digest: top.digest, size: top.bytes.length },
            annotations: { number: String(i), large: 'x'.repeat(900_000) },
          }),
        );
        const response = await repository.putManifest(`referrer-${i}`, bytes, artifact.mediaType);
        pushed.push((await expectStatus(response, 201)).headers.get('docker-content-digest') ?? '');
      }
      const found = await follow(`referrers/${top.digest}`, 'manifests');
      assert.deepEqual(
        found.map((each) => (each as unknown as { digest: string }).digest),
        pushed.toSorted(),
      );
    });

    async function tags(path: string): Promise<string[]> {
      return JSON.parse(await (await expectStatus(await repository.get(path), 200)).text()).tags;
    }

    async function follow(path: string, field: string): Promise<string[]> {
      const found: string[] = [];
      for (let next: string | undefined = path, pages = 0; next !== undefined; pages++) {
        assert.ok(pages < 50, 'pages do not end');
        const response = await expectStatus(await repository.get(next), 200);
        next = /^<(?<url>[^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.groups?.url;
        found.push(...JSON.parse(await response.text())[field]);
      }
      return found;
    }
  });
}

const EMPTY_JSON = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

function first(name: string): DataSet {
  const set = dataSets().find((each) => each.name === name);
  assert.ok(set);
  return set;
}

async function push(repository: Repository, set: DataSet, tag: string): Promise<void> {
  for (const blob of set.blobs) await repository.push(blob);
  for (const { bytes, mediaType } of set.manifests) {
    await expectStatus(await repository.putManifest(tag, bytes, mediaType), 201);
  }
}

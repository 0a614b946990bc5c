import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { parseReference, type Reference } from '../../../src/oci/reference.ts';
import { mirroredSource } from '../../../src/registry/client/index.ts';
import { withStore } from '../../lab/stores.ts';
import { FakeClient, gzipLayer, makeImage } from '../cluster-image/image-maker.ts';

const ORIGINAL = parseReference('docker.io/library/app:1');
const MIRRORS = ['first.example.com/hub', 'second.example.com/hub'];

function toMirrors(reference: Reference): readonly Reference[] {
  if (reference.registry !== 'docker.io') return [reference];
  return MIRRORS.map((mirror) => {
    const { registry, repository } = parseReference(`${mirror}/${reference.repository}`);
    const { tag, digest } = reference;
    return { registry, repository, tag, digest };
  });
}

test('the first mirror that has an image gives it, and its name stays', async () => {
  const image = makeImage([gzipLayer('a', 100)]);
  const client = new FakeClient()
    .put('second.example.com/hub/library/app:1', image)
    .put('docker.io/library/app:1', image);
  const source = mirroredSource(client, toMirrors);
  assert.equal((await source.resolve(ORIGINAL)).digest, image.root.digest);
  assert.deepEqual(client.requests, [
    'HEAD first.example.com/hub/library/app:1',
    'HEAD second.example.com/hub/library/app:1',
  ]);
});

test('what no mirror has comes from the original, and what no rule is about is asked for once', async () => {
  const image = makeImage([gzipLayer('a', 100)]);
  const client = new FakeClient().put('docker.io/library/app:1', image).put('quay.io/team/app:1', image);
  const source = mirroredSource(client, toMirrors);
  await source.resolve(ORIGINAL);
  assert.equal(client.requests.length, 3);
  client.requests.length = 0;
  await source.resolve(parseReference('quay.io/team/app:1'));
  assert.deepEqual(client.requests, ['HEAD quay.io/team/app:1']);
});

test('where nobody has an image the error tells of every place', async () => {
  const source = mirroredSource(new FakeClient(), toMirrors);
  await assert.rejects(source.resolve(ORIGINAL), (error) => {
    assert.ok(error instanceof SealerError);
    assert.equal(error.code, 'IMAGE_NOT_FOUND');
    for (const place of ['first.example.com/hub', 'second.example.com/hub', 'docker.io/library/app:1']) {
      assert.ok(error.message.includes(place), error.message);
    }
    return true;
  });
});

test('a mirror that gives other content than the digest says ends it: nobody else is asked', async () => {
  const image = makeImage([gzipLayer('a', 100)]);
  const client = new FakeClient().put('docker.io/library/app:1', image);
  const lying = Object.assign(client, {
    async document() {
      throw new SealerError('DIGEST_MISMATCH', 'first.example.com lies');
    },
  });
  await assert.rejects(mirroredSource(lying, toMirrors).document(ORIGINAL), { code: 'DIGEST_MISMATCH' });
});

test('a blob that a mirror breaks off is begun anew at the next place, and counted once', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 5000)]);
    const client = new FakeClient().put('docker.io/library/app:1', image);
    const fetchBlob = client.fetchBlob.bind(client);
    const [digest, bytes] =
      [...image.content].find(([each]) => each !== image.root.digest && bytesOf(each) > 1000) ?? [];
    function bytesOf(each: string): number {
      return [...image.content].find(([key]) => key === each)?.[1].byteLength ?? 0;
    }
    assert.ok(digest !== undefined && bytes !== undefined);
    const breaking = Object.assign(client, {
      async fetchBlob(...[reference, blob, ingest, onBytes]: Parameters<FakeClient['fetchBlob']>) {
        if (reference.registry === 'docker.io') return fetchBlob(reference, blob, ingest, onBytes);
        await ingest.write(bytes.subarray(0, 1000));
        onBytes?.(1000);
        throw new SealerError('REGISTRY_UNREACHABLE', `${reference.registry} is gone`);
      },
    });
    let counted = 0;
    await using ingest = await store.ingest({ digest, size: bytes.byteLength });
    const blob = { mediaType: 'application/octet-stream', digest, size: bytes.byteLength };
    await mirroredSource(breaking, toMirrors).fetchBlob(ORIGINAL, blob, ingest, (count) => {
      counted += count;
    });
    await ingest.commit();
    assert.equal(counted, bytes.byteLength);
    assert.deepEqual(await store.bytes(digest), bytes);
  }));

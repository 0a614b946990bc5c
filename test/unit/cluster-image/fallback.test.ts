import assert from 'node:assert/strict';
import { test } from 'node:test';
import { harvest } from '../../../src/cluster-image/index.ts';
import { SealerError } from '../../../src/error.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { withStore } from '../../lab/stores.ts';
import { FakeClient, gzipLayer, type MadeImage, makeImage, named } from './image-maker.ts';

const platforms = [parsePlatform('linux/amd64')];

async function put(store: Store, { root, content }: MadeImage): Promise<Digest> {
  for (const bytes of content.values()) await store.add(bytes, 'application/octet-stream');
  return root.digest;
}

test('an image that its registry does not have is taken from where the fallback brought it, offline too', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 100)]);
    const asked: string[] = [];
    const fallback = async ({ repository }: { repository: string }, { code }: SealerError) => {
      asked.push(`${repository} ${code}`);
      return put(store, image);
    };
    const client = new FakeClient();
    const { images, moved } = await harvest(named('app:dev'), { store, client, platforms, fallback });
    assert.equal(images[0]?.digest, image.root.digest);
    assert.equal(moved, 0);
    assert.deepEqual(asked, ['library/app IMAGE_NOT_FOUND']);
    const again = await harvest(named('app:dev'), { store, client, platforms, offline: true });
    assert.equal(again.images[0]?.digest, image.root.digest);
  }));

test('a fallback is not asked for what the registry has, and does not hide the error of what nobody has', () =>
  withStore(async (store) => {
    const client = new FakeClient().put('app:1', makeImage([gzipLayer('a', 100)]));
    const asked: string[] = [];
    const fallback = async ({ repository }: { repository: string }) => void asked.push(repository);
    const options = {
      store,
      client,
      platforms,
      fallback: async (...args: [{ repository: string }]) => {
        await fallback(...args);
        return undefined;
      },
    };
    await harvest(named('app:1'), options);
    assert.deepEqual(asked, []);
    await assert.rejects(harvest(named('gone:1'), options), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.problems[0]?.code, 'IMAGE_NOT_FOUND');
      return true;
    });
    assert.deepEqual(asked, ['library/gone']);
  }));

test('what is pinned to a digest is never replaced by another image', () =>
  withStore(async (store) => {
    const other = makeImage([gzipLayer('b', 100)]);
    const fallback = async () => put(store, other);
    const client = new FakeClient();
    const pinned = `app:1@sha256:${'0'.repeat(64)}`;
    const digest = digestOf('something else');
    const resolved = new Map([['docker.io/library/app:2', { digest }]]);
    await assert.rejects(harvest(named(pinned), { store, client, platforms, fallback }), { code: 'IMAGES_MISSING' });
    await assert.rejects(harvest(named('app:2'), { store, client, platforms, fallback, resolved }), {
      code: 'IMAGES_MISSING',
    });
  }));

test('an image that came from an archive for another platform is told with the archive', () =>
  withStore(async (store) => {
    const digest = await put(store, makeImage([gzipLayer('a', 100)], 'linux/arm64'));
    const resolved = new Map([['docker.io/library/app:1', { digest, from: 'images/app.tar' }]]);
    await assert.rejects(harvest(named('app:1'), { store, client: new FakeClient(), platforms, resolved }), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.problems[0]?.code, 'PLATFORM_NOT_FOUND');
      assert.match(error.problems[0]?.message ?? '', /linux\/amd64 in images\/app\.tar/);
      assert.match(error.problems[0]?.hint ?? '', /linux\/arm64/);
      return true;
    });
  }));

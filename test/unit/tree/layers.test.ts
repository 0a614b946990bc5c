import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { packLayer, type TarEntry, whiteout } from '../../../src/oci/tar/index.ts';
import { extractFiles, indexLayer } from '../../../src/oci/tree/index.ts';

async function openStore(t: TestContext): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-tree-'));
  const store = await Store.open(join(folder, 'store'));
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  return store;
}

function file(path: string, content: string): TarEntry {
  const bytes = Buffer.from(content);
  return { path, type: 'file', mode: 0o644, size: bytes.byteLength, mtime: 0, content: { bytes } };
}

function link(path: string, linkname: string, type: 'symlink' | 'hardlink'): TarEntry {
  return { path, type, mode: 0o777, size: 0, mtime: 0, linkname };
}

async function layerOf(store: Store, ...entries: readonly TarEntry[]): Promise<Descriptor> {
  return (await packLayer(entries, store, { compression: 'gzip' })).descriptor;
}

/** Counts which blobs are read in whole. */
function counting(store: Store): { store: Pick<Store, 'read' | 'cacheFolder'>; reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    store: {
      cacheFolder: (name) => store.cacheFolder(name),
      read: (digest, range) => {
        if (range === undefined) reads.push(digest);
        return store.read(digest, range);
      },
    },
  };
}

test('a layer is read once, and its list kept', async (t) => {
  const store = await openStore(t);
  const layer = await layerOf(
    store,
    file('a', 'x'),
    whiteout('d/gone'),
    file('.wh..wh..opq', ''),
    link('l', 'a', 'symlink'),
  );
  const counted = counting(store);
  const first = await indexLayer(counted.store, layer);
  assert.deepEqual(first, {
    entries: [
      { path: 'a', type: 'file', mode: 0o644, size: 1 },
      { path: 'l', type: 'symlink', mode: 0o777, size: 0, linkname: 'a' },
    ],
    whiteouts: ['d/gone'],
    opaques: [''],
  });
  assert.deepEqual(await indexLayer(counted.store, layer), first);
  assert.deepEqual(counted.reads, [layer.digest]);
});

test('a kept list that is broken is made anew', async (t) => {
  const store = await openStore(t);
  const layer = await layerOf(store, file('a', 'x'));
  const first = await indexLayer(store, layer);
  const folder = await store.cacheFolder('layer-index');
  const [name = ''] = readdirSync(folder);
  for (const broken of ['', '{"entries":[', '[]', '{"entries":[{"path":1}],"whiteouts":[],"opaques":[]}', 'null']) {
    writeFileSync(join(folder, name), broken);
    assert.deepEqual(await indexLayer(store, layer), first, broken);
  }
  assert.deepEqual(readdirSync(folder), [name]);
});

test('wanted files have the content that the layers together give them', async (t) => {
  const store = await openStore(t);
  const layers = [
    await layerOf(store, file('m/a', 'old a'), file('m/b', 'b'), file('m/gone', 'gone'), file('other/x', 'x')),
    await layerOf(
      store,
      file('m/a', 'new a'),
      whiteout('m/gone'),
      file('m/big', 'x'.repeat(1000)),
      file('m/empty', ''),
    ),
    await layerOf(store, link('m/link', '../other/x', 'symlink'), file('n/c', 'c'), link('m/hard', 'n/c', 'hardlink')),
    await layerOf(store, file('n/c', 'later c'), link('m/dangling', 'nowhere', 'symlink')),
  ];
  const skipped: string[] = [];
  const files = await extractFiles(store, layers, (path) => path.startsWith('m/'), {
    maxFileBytes: 100,
    onSkipped: (path, size) => skipped.push(`${path} ${size}`),
  });
  assert.deepEqual(Object.fromEntries([...files].map(([path, bytes]) => [path, bytes.toString()])), {
    'm/a': 'new a',
    'm/b': 'b',
    'm/empty': '',
    'm/hard': 'c',
    'm/link': 'x',
  });
  assert.deepEqual(skipped, ['m/big 1000']);
});

test('layers that hold no wanted file are not read again', async (t) => {
  const store = await openStore(t);
  const layers = [await layerOf(store, file('a', 'a')), await layerOf(store, file('b', 'b'))];
  for (const layer of layers) await indexLayer(store, layer);
  const counted = counting(store);
  await extractFiles(counted.store, layers, (path) => path === 'b', { maxFileBytes: 100 });
  assert.deepEqual(counted.reads, [layers[1]?.digest]);
});

test('too many bytes together are refused', async (t) => {
  const store = await openStore(t);
  const layers = [await layerOf(store, file('a', 'aaaa'), file('b', 'bbbb'))];
  const options = { maxFileBytes: 100, maxTotalBytes: 7 };
  await assert.rejects(
    extractFiles(store, layers, () => true, options),
    { code: 'ARCHIVE_TOO_LARGE' },
  );
});

import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Store } from '../../../src/oci/store/index.ts';
import { openLayer, packLayer, unpackLayer, walkTree } from '../../../src/oci/tar/index.ts';
import { temporaryFolder } from './temporary.ts';

/** Numbers that look random, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = [
  'a',
  'B',
  '.hidden',
  'with space',
  'ümlaut',
  '日本',
  '\u{1f680}',
  '-dash',
  'x'.repeat(99),
  'y'.repeat(200),
  '\\back',
  'new\nline',
];
const SIZES = [0, 1, 100, 511, 512, 513, 1024, 5000, 70_000];

/** Makes a tree that has a bit of everything. */
function growTree(root: string, seed: number): void {
  const next = numbers(seed);
  const files: string[] = [];
  const grow = (folder: string, depth: number) => {
    for (const name of NAMES) {
      const path = join(folder, name);
      const kind = next(depth < 4 ? 7 : 5);
      if (kind === 0) symlinkSync(['/absolute', '../up', 'z'.repeat(150), 'größe'][next(4)] ?? '', path);
      else if (kind === 1 && files.length > 0) linkSync(files[next(files.length)] ?? '', path);
      else if (kind < 5) {
        writeFileSync(path, Buffer.alloc(SIZES[next(SIZES.length)] ?? 0, String(next(1000))));
        chmodSync(path, [0o644, 0o755, 0o600, 0o4755, 0o444][next(5)] ?? 0);
        utimesSync(path, 0, next(2 ** 31));
        files.push(path);
      } else if (next(3) > 0) {
        mkdirSync(path);
        grow(path, depth + 1);
        chmodSync(path, [0o755, 0o700, 0o1777, 0o555][next(4)] ?? 0);
        utimesSync(path, 0, next(2 ** 31));
      }
    }
  };
  grow(root, 0);
}

for (const seed of [1, 2, 3]) {
  test(`a tree comes out of a layer as it went in (${seed})`, async (t) => {
    const folder = await temporaryFolder(t);
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    mkdirSync(from);
    growTree(from, seed);
    const store = await Store.open(join(folder, 'store'));
    t.after(() => store[Symbol.asyncDispose]());
    const entries = await walkTree(from);
    assert.ok(entries.length > 20);
    const compression = (['none', 'gzip', 'zstd'] as const)[seed % 3] ?? 'none';
    const { descriptor } = await packLayer(entries, store, { compression });
    await unpackLayer(await openLayer(store, descriptor), to);

    const again = await walkTree(to);
    const plain = (list: typeof entries) => list.map(({ content, ...rest }) => rest);
    assert.deepEqual(plain(again), plain(entries));
    for (const { path, type } of entries) {
      if (type === 'file') assert.ok(readFileSync(join(to, path)).equals(readFileSync(join(from, path))), path);
      if (type === 'symlink') assert.equal(readlinkSync(join(to, path)), readlinkSync(join(from, path)));
      if (type === 'hardlink') assert.ok(lstatSync(join(to, path)).nlink > 1, path);
    }
    assert.equal((await packLayer(again, store, { compression })).descriptor.digest, descriptor.digest);
  });
}

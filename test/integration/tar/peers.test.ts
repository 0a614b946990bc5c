import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { Store } from '../../../src/oci/store/index.ts';
import { type Compression, packLayer, unpackArchive, walkTree } from '../../../src/oci/tar/index.ts';
import { needs } from '../../lab/tools.ts';

const needsGnuTar =
  !spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU tar') && 'absent: GNU tar';

interface Ground {
  readonly root: string;
  readonly folder: string;
  readonly store: Store;
}

/** A folder with a tree, and a store. `plain` trees need no PAX. */
async function prepare(t: TestContext, kind: 'plain' | 'rich'): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-tar-'));
  const store = await Store.open(join(folder, 'store'));
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const root = join(folder, 'root');
  growTree(root);
  if (kind === 'rich') growRichTree(root);
  return { root, folder, store };
}

function growTree(root: string): void {
  for (const name of [
    '',
    'a',
    'a-b',
    'empty',
    'a/deep',
    `d${'1'.repeat(90)}`,
    `d${'1'.repeat(90)}/e${'2'.repeat(60)}`,
  ]) {
    mkdirSync(join(root, name));
  }
  for (const size of [0, 1, 511, 512, 513, 10_240, 3_000_001]) {
    writeFileSync(join(root, 'a', `size-${size}`), Buffer.alloc(size, `content of ${size} `));
  }
  for (const name of ['a.txt', 'a-b/file', 'a/deep/file', `d${'1'.repeat(90)}/e${'2'.repeat(60)}/f${'3'.repeat(80)}`]) {
    writeFileSync(join(root, name), name);
  }
  writeFileSync(join(root, 'run'), '#!/bin/sh\n');
  chmodSync(join(root, 'run'), 0o4755);
  linkSync(join(root, 'a.txt'), join(root, 'z-hardlink'));
  symlinkSync('/etc/passwd', join(root, 'absolute'));
  symlinkSync('../nowhere', join(root, 'a/dangling'));
  utimesSync(join(root, 'a.txt'), 0, 1_700_000_000);
}

/** What ustar has no room for. */
function growRichTree(root: string): void {
  mkdirSync(join(root, 'größe'));
  writeFileSync(join(root, 'größe', '日本語 \u{1f680}'), 'unicode');
  writeFileSync(join(root, 'x'.repeat(250)), 'long');
  symlinkSync('y'.repeat(300), join(root, 'long-link'));
  symlinkSync('größe', join(root, 'unicode-link'));
  const deep = `${'p'.repeat(150)}/${'q'.repeat(150)}`;
  mkdirSync(join(root, deep), { recursive: true });
  writeFileSync(join(root, deep, 'file'), 'deep');
}

/** The file of a packed layer. */
async function pack({ root, store, folder }: Ground, compression: Compression): Promise<string> {
  const { descriptor } = await packLayer(await walkTree(root), store, { compression });
  const file = join(folder, `layer.${compression}`);
  writeFileSync(file, await buffer(await store.read(descriptor.digest)));
  return file;
}

const ENVIRONMENT = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' };

function run(tool: string, ...args: readonly string[]): Buffer {
  return execFileSync(tool, args, { env: ENVIRONMENT, maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** GNU tar's idea of the same archive. */
function gnuTar(root: string, ...args: readonly string[]): Buffer {
  const common = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '-b', '1', '--no-recursion'];
  // Named one by one, so that names have no `./`.
  const names = run(
    'tar',
    '-c',
    '-C',
    root,
    '--sort=name',
    '--format=posix',
    '.',
    '--show-transformed-names',
    '-vf',
    '/dev/null',
  );
  const list = names
    .toString()
    .split('\n')
    .filter((name) => name !== './' && name !== '');
  const input = list.map((name) => `${name.replace(/^\.\//, '').replace(/\/$/, '')}\0`).join('');
  return execFileSync(
    'tar',
    ['-c', '-C', root, ...common, ...args, '--verbatim-files-from', '--null', '-T', '-', '-f', '-'],
    {
      env: ENVIRONMENT,
      input,
      maxBuffer: 2 ** 28,
    },
  );
}

test('the archive is byte for byte GNU tar’s ustar', { skip: needsGnuTar }, async (t) => {
  const ground = await prepare(t, 'plain');
  const theirs = gnuTar(ground.root, '--format=ustar');
  assert.ok(readFileSync(await pack(ground, 'none')).equals(theirs));
});

test('what ustar cannot hold is byte for byte GNU tar’s posix format', { skip: needsGnuTar }, async (t) => {
  const { store, folder } = await prepare(t, 'plain');
  const root = join(folder, 'rich');
  mkdirSync(root);
  growRichTree(root);
  // Names longer than ustar's field are split by us and go to PAX by GNU tar; both are right.
  const hasRoom = (path: string) => Buffer.byteLength(path) < 100 || path.length > 255 || !path.includes('/');
  const entries = (await walkTree(root, { mtime: 5 })).filter(({ path }) => hasRoom(path) && path !== 'unicode-link');
  const { descriptor } = await packLayer(entries, store, { compression: 'none' });
  const ours = await buffer(await store.read(descriptor.digest));
  const options = 'exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime';
  const names = entries.map(({ path }) => `${path}\0`).join('');
  const args = [
    '--format=posix',
    `--pax-option=${options}`,
    '--mtime=@5',
    '--no-recursion',
    '-b',
    '1',
    '--owner=0',
    '--group=0',
  ];
  const theirs = execFileSync('tar', ['-c', '-C', root, ...args, '--numeric-owner', '--null', '-T', '-', '-f', '-'], {
    env: ENVIRONMENT,
    input: names,
  });
  assert.ok(ours.equals(theirs));
});

for (const compression of ['none', 'gzip', 'zstd'] as const) {
  for (const tool of ['tar', 'bsdtar']) {
    const needed = compression === 'zstd' ? [tool, 'zstd'] : [tool];
    test(`${tool} unpacks a layer (${compression}) to the same tree`, { skip: needs(...needed) }, async (t) => {
      const ground = await prepare(t, 'rich');
      const layer = await pack(ground, compression);
      const out = join(ground.folder, 'out');
      mkdirSync(out);
      run(tool, '-xpf', layer, '-C', out);
      const plain = async (root: string) => (await walkTree(root)).map(({ content, ...rest }) => rest);
      assert.deepEqual(await plain(out), await plain(ground.root));
      run('diff', '-r', '--no-dereference', ground.root, out);
    });
  }
}

test('gzip and zstd find nothing wrong with a layer', { skip: needs('gzip', 'zstd') }, async (t) => {
  const ground = await prepare(t, 'rich');
  const gzipped = await pack(ground, 'gzip');
  renameSync(gzipped, `${gzipped}.gz`);
  run('gzip', '-t', `${gzipped}.gz`);
  run('zstd', '-t', await pack(ground, 'zstd'));
});

test('Python lists the same entries', { skip: needs('python3') }, async (t) => {
  const ground = await prepare(t, 'rich');
  const script = `
import json, sys, tarfile
kinds = {b'0': 'file', b'5': 'directory', b'2': 'symlink', b'1': 'hardlink'}
with tarfile.open(sys.argv[1]) as tar:
  print(json.dumps([[m.name, kinds[m.type], m.mode, m.size, int(m.mtime), m.linkname, m.uid, m.gid, m.uname] for m in tar]))
`;
  const theirs: unknown = JSON.parse(run('python3', '-c', script, await pack(ground, 'gzip')).toString());
  const ours = (await walkTree(ground.root)).map((entry) => [
    entry.path,
    entry.type,
    entry.mode,
    entry.size,
    entry.mtime,
    entry.linkname ?? '',
    0,
    0,
    '',
  ]);
  assert.deepEqual(theirs, ours);
});

for (const format of ['ustar', 'gnu', 'posix', 'v7', 'oldgnu']) {
  test(`GNU tar’s ${format} archives are unpacked`, { skip: needsGnuTar }, async (t) => {
    const { folder } = await prepare(t, 'plain');
    const from = join(folder, 'from');
    mkdirSync(from);
    for (const name of ['a', 'b'.repeat(80)]) writeFileSync(join(from, name), name);
    symlinkSync('/absolute', join(from, 'l'));
    if (format === 'gnu' || format === 'posix') growRichTree(from);
    const out = join(folder, 'out');
    await unpackArchive(Readable.from([run('tar', `--format=${format}`, '-czf', '-', '-C', from, '.')]), out);
    run('diff', '-r', '--no-dereference', from, out);
  });
}

test('sparse files of GNU tar are refused in all their formats', { skip: needsGnuTar }, async (t) => {
  const { folder } = await prepare(t, 'plain');
  run('truncate', '-s', '1M', join(folder, 'sparse'));
  for (const format of [
    ['gnu'],
    ['posix', '--sparse-version=0.0'],
    ['posix', '--sparse-version=0.1'],
    ['posix', '--sparse-version=1.0'],
  ]) {
    const [name, ...rest] = format;
    const archive = run('tar', '-cS', `--format=${name}`, ...rest, '-C', folder, '-f', '-', 'sparse');
    const unpacking = unpackArchive(Readable.from([archive]), join(folder, 'out'));
    await assert.rejects(unpacking, { code: 'UNSAFE_ARCHIVE' }, format.join(' '));
  }
});

test('bsdtar’s archives are unpacked', { skip: needs('bsdtar') }, async (t) => {
  const { root, folder } = await prepare(t, 'rich');
  for (const format of ['pax', 'gnutar']) {
    const out = join(folder, format);
    await unpackArchive(Readable.from([run('bsdtar', '-c', '--format', format, '-f', '-', '-C', root, '.')]), out);
    run('diff', '-r', '--no-dereference', root, out);
  }
});

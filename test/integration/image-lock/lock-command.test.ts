import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockedBase, parseLock } from '../../../src/image-lock/index.ts';
import { formatPlatform, hostPlatform } from '../../../src/oci/platform.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { run } from '../../unit/cli/fake-context.ts';
import { gzipLayer, makeImage, makeIndex } from '../../unit/cluster-image/image-maker.ts';
import { type FilledRegistry, startRegistry } from '../build/setting.ts';

const HOST = formatPlatform(hostPlatform());
const OTHER = HOST === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64';

function pod(...images: readonly string[]): string {
  const containers = images.map((image, i) => `  - name: c${i}\n    image: ${image}\n`);
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n${containers.join('')}`;
}

/** An image of both platforms, whose content follows from a word. */
async function push(registry: FilledRegistry, name: string, word: string): Promise<string> {
  const images = Object.fromEntries(
    [HOST, OTHER].map((each) => [each, makeImage([gzipLayer(word + each, 500)], each)]),
  );
  return registry.push(name, makeIndex(images));
}

/** A context whose manifest names some images, and the command in it. */
async function lockIn(folder: string, ...images: readonly string[]) {
  writeFiles(folder, {
    'context/Kubefile': 'FROM scratch\nCOPY manifests manifests\n',
    'context/manifests/web.yaml': pod(...images),
  });
  const context = join(folder, 'context');
  const lock = (...args: readonly string[]) =>
    run(['lock', context, '--insecure', '--store', join(folder, 'store'), '--progress', 'quiet', ...args], {
      env: { PATH: process.env.PATH, HOME: folder },
    });
  return { file: join(context, 'images.lock'), lock };
}

test('without a lock everything is new; --update writes it, and then nothing has changed', async (t) => {
  await using registry = await startRegistry();
  const { address } = registry;
  const one = await push(registry, 'one:v1', 'one');
  const { file, lock } = await lockIn(await folderOf(t), `${address}/one:v1`);

  const shown = await lock();
  equal(shown.code, 0, shown.stderr);
  match(shown.stdout, new RegExp(`^\\+ ${address}/one:v1 ${one.slice(7, 19)} \\(${HOST}\\)$`, 'm'));
  match(shown.stdout, /1 change; sealer lock --update takes them over/);

  const updated = await lock('--update');
  equal(updated.code, 0, updated.stderr);
  const text = await readFile(file, 'utf8');
  const entry = parseLock(text, file).images.get(`${address}/one:v1`);
  equal(entry?.digest, one);
  deepEqual(Object.keys(entry?.platforms ?? {}), [HOST]);
  deepEqual(entry?.from, ['manifests/web.yaml spec.containers[0].image']);
  equal(text.includes(join(file, '..')), false);

  const again = await lock('--check');
  equal(again.code, 0, again.stderr);
  match(again.stdout, /nothing has changed/);
  await lock('--update');
  equal(await readFile(file, 'utf8'), text);
});

test('a tag that moved is shown, fails --check by name, and an update of it leaves the others alone', async (t) => {
  await using registry = await startRegistry();
  const { address } = registry;
  for (const name of ['one', 'two']) await push(registry, `${name}:v1`, name);
  const { file, lock } = await lockIn(await folderOf(t), `${address}/one:v1`, `${address}/two:v1`);
  await lock('--update', '--platform', `${HOST},${OTHER}`);
  const before = parseLock(await readFile(file, 'utf8'), file).images;
  const commented = (await readFile(file, 'utf8')).replace(
    `  ${address}/two:v1:`,
    `  # ask before\n  ${address}/two:v1:`,
  );
  await writeFile(file, commented);
  for (const name of ['one', 'two']) await push(registry, `${name}:v1`, `${name} again`);

  const checked = await lock('--check');
  equal(checked.code, 1);
  match(checked.stderr, /LOCK_STALE.*2 changes/);
  const { changes } = JSON.parse((await lock('--json')).stdout);
  deepEqual(
    changes.map(({ kind, name }: { kind: string; name: string }) => [kind, name]),
    [
      ['changed', `${address}/one:v1`],
      ['changed', `${address}/two:v1`],
    ],
  );
  equal(await readFile(file, 'utf8'), commented);

  equal((await lock('--update', `${address}/one:v1`)).code, 0);
  const text = await readFile(file, 'utf8');
  const after = parseLock(text, file).images;
  ok(after.get(`${address}/one:v1`)?.digest !== before.get(`${address}/one:v1`)?.digest);
  // The platforms are those of the lock, not only this machine's.
  deepEqual(Object.keys(after.get(`${address}/one:v1`)?.platforms ?? {}), [HOST, OTHER].sort());
  deepEqual(after.get(`${address}/two:v1`), before.get(`${address}/two:v1`));
  match(text, / {2}# ask before\n/);
});

test('what a recording found is asked for as well, and stays', async (t) => {
  await using registry = await startRegistry();
  const { address } = registry;
  for (const name of ['one', 'worker']) await push(registry, `${name}:v1`, name);
  const { file, lock } = await lockIn(await folderOf(t), `${address}/one:v1`, `${address}/worker:v1`);
  await lock('--update');
  const recorded = (await readFile(file, 'utf8')).replace(
    'manifests/web.yaml spec.containers[1].image',
    'found by recording (Deployment op/worker)',
  );
  await writeFile(file, recorded);
  writeFiles(join(file, '..'), { 'manifests/web.yaml': pod(`${address}/one:v1`) });
  match((await lock('--check')).stdout, /nothing has changed/);
  const newer = await push(registry, 'worker:v1', 'worker again');
  await lock('--update');
  const entry = parseLock(await readFile(file, 'utf8'), file).images.get(`${address}/worker:v1`);
  equal(entry?.digest, newer);
  deepEqual(entry?.from, ['found by recording (Deployment op/worker)']);
});

test('a base is in the lock by what its tag means now, whatever the store has', async (t) => {
  await using registry = await startRegistry();
  const base = `${registry.address}/base:v1`;
  const folder = await folderOf(t);
  const pushBase = async (content: string): Promise<void> => {
    writeFiles(folder, { 'base/Kubefile': 'FROM scratch\nCOPY file file\n', 'base/file': content });
    const args = ['build', '-t', base, '--push', '--insecure', '--store', join(folder, 'other')];
    const { code, stderr } = await run([...args, join(folder, 'base')], { env: { HOME: folder } });
    equal(code, 0, stderr);
  };
  await pushBase('first');
  const { file, lock } = await lockIn(folder);
  writeFiles(join(file, '..'), { Kubefile: `FROM ${base}\nCOPY manifests manifests\n`, 'manifests/web.yaml': '' });
  equal((await lock('--update')).code, 0);
  const before = lockedBase(parseLock(await readFile(file, 'utf8'), file), base);
  ok(before !== undefined);
  await pushBase('second');
  match((await lock()).stdout, new RegExp(`^~ base ${base} ${before.slice(7, 19)} → `, 'm'));
  equal((await lock('--update', base)).code, 0);
  const after = lockedBase(parseLock(await readFile(file, 'utf8'), file), base);
  ok(after !== undefined && after !== before);
  match((await lock('--check')).stdout, /nothing has changed/);
});

test('an image that cannot be had, an unknown name and a lock in conflict fail with what to do', async (t) => {
  await using registry = await startRegistry();
  const { address } = registry;
  await push(registry, 'one:v1', 'one');
  const folder = await folderOf(t);
  const missing = await lockIn(folder, `${address}/one:v1`, `${address}/none:v1`);
  const failed = await missing.lock('--update');
  equal(failed.code, 1);
  match(failed.stderr, /none:v1/);
  match(failed.stderr, /manifests\/web\.yaml:10:12/);

  const { file, lock } = await lockIn(folder, `${address}/one:v1`);
  match((await lock('--update', `${address}/ome:v1`)).stderr, /USAGE[\s\S]*Did you mean/);
  match((await lock('--update', './deploy')).stderr, /Write the folder before the flag/);
  equal((await lock('--update', '--check')).code, 2);

  await writeFile(file, 'version: 1\n<<<<<<< HEAD\nimages: {}\n=======\nimages: {}\n>>>>>>> other\n');
  const conflict = await lock();
  equal(conflict.code, 1);
  match(conflict.stderr, /LOCK_INVALID[\s\S]*merge conflict[\s\S]*images\.lock:2/);
});

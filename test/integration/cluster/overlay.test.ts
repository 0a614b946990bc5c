/** Files of a cluster over those of its image, and names in /etc/hosts, by the shells that hosts have. */

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyOverlay, type OverlayFile, overlayDigest } from '../../../src/cluster/distribution/index.ts';
import { localHost, setHostNames } from '../../../src/hosts/index.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';

const skip = process.getuid?.() === 0 ? false : 'commands as root need root';

test('an overlay replaces and adds files; the next one starts from what the image brought', { skip }, async (t) => {
  const folder = await folderOf(t);
  const rootfs = join(folder, 'rootfs');
  writeFiles(rootfs, { 'etc/a': 'image a', 'etc/b': 'image b', tool: 'x' });
  await using host = localHost({ env: process.env });
  const apply = (files: readonly OverlayFile[]) => applyOverlay(host, rootfs, files, overlayDigest(files));
  assert.equal(await apply([]), false);
  const first = [
    { path: 'etc/a', content: 'mine', mode: 0o600 },
    { path: "new folder/it's", content: 'new', mode: 0o644 },
  ];
  assert.equal(await apply(first), true);
  assert.equal(await apply(first.toReversed()), false);
  assert.equal(await readFile(join(rootfs, 'etc/a'), 'utf8'), 'mine');
  assert.equal((await stat(join(rootfs, 'etc/a'))).mode & 0o777, 0o600);
  assert.equal(await readFile(join(rootfs, "new folder/it's"), 'utf8'), 'new');
  assert.equal(await apply([{ path: 'etc/b', content: 'mine too', mode: 0o644 }]), true);
  assert.equal(await readFile(join(rootfs, 'etc/a'), 'utf8'), 'image a');
  assert.equal(await readFile(join(rootfs, 'etc/b'), 'utf8'), 'mine too');
  assert.deepEqual(await readdir(join(rootfs, 'new folder')), []);
  assert.equal(await apply([]), true);
  assert.equal(await readFile(join(rootfs, 'etc/b'), 'utf8'), 'image b');
  await assert.rejects(apply([{ path: '../x', content: '', mode: 0o644 }]), { code: 'CLUSTERFILE_INVALID' });
});

test('lines of each purpose come and go in /etc/hosts, and the others stay', { skip }, async (t) => {
  const folder = await folderOf(t);
  await mkdir(join(folder, 'etc'));
  const file = join(folder, 'etc/hosts');
  await writeFile(file, '127.0.0.1 localhost\n# a comment', { mode: 0o644 });
  await using host = localHost({ env: process.env });
  const set = (purpose: string, address: string, ...names: readonly string[]) =>
    setHostNames(host, purpose, names.length === 0 ? [] : [{ address, names }], { file });
  assert.equal(await set('registry', '10.0.0.2', 'sea.hub'), true);
  assert.equal(await set('registry', '10.0.0.2', 'sea.hub'), false);
  await set('aliases', 'fd00::1', 'a.example', 'b.example');
  await set('registry', '10.0.0.3', 'sea.hub');
  const lines = [
    '127.0.0.1 localhost',
    '# a comment',
    'fd00::1 a.example b.example # sealer:aliases',
    '10.0.0.3 sea.hub # sealer:registry',
  ];
  assert.equal(await readFile(file, 'utf8'), `${lines.join('\n')}\n`);
  await set('registry', '');
  await set('aliases', '');
  assert.equal(await readFile(file, 'utf8'), '127.0.0.1 localhost\n# a comment\n');
  assert.equal((await stat(file)).mode & 0o777, 0o644);
  assert.deepEqual(await readdir(join(folder, 'etc')), ['hosts']);
});

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLockFile, writeLock, writeLockFile } from '../../../src/image-lock/index.ts';
import { folderOf } from '../../lab/scratch.ts';
import { image, lockOf } from './locks.ts';

const TEXT = writeLock(lockOf({ 'docker.io/library/nginx:1.27': image('n') }));
const OTHER = writeLock(lockOf({ 'docker.io/library/redis:7': image('r') }));

test('a lock that is not there is no lock, and one that is there is read', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'images.lock');
  equal(await readLockFile(file, folder), undefined);
  equal(await readLockFile(join(folder, 'none/images.lock'), folder), undefined);
  equal(await writeLockFile(file, TEXT, folder), true);
  const read = await readLockFile(file, folder);
  equal(read?.text, TEXT);
  deepEqual([...(read?.lock.images.keys() ?? [])], ['docker.io/library/nginx:1.27']);
});

test('a lock is replaced whole, keeps its mode, and leaves nothing beside it', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'images.lock');
  await writeFile(file, TEXT);
  await chmod(file, 0o666);
  const before = await stat(file);
  equal(await writeLockFile(file, OTHER, folder), true);
  const after = await stat(file);
  equal(await readFile(file, 'utf8'), OTHER);
  equal(after.mode, before.mode);
  equal(after.ino !== before.ino, true);
  deepEqual(await readdir(folder), ['images.lock']);
});

test('the same text is not written again', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'images.lock');
  await writeLockFile(file, TEXT, folder);
  const before = await stat(file);
  equal(await writeLockFile(file, TEXT, folder), false);
  equal((await stat(file)).ino, before.ino);
});

test('a link is followed inside the context, stays a link, and never leads outside', async (t) => {
  const folder = await folderOf(t);
  const context = join(folder, 'context');
  await mkdir(join(context, 'locks'), { recursive: true });
  const file = join(context, 'images.lock');
  await writeFile(join(context, 'locks/real'), TEXT);
  await symlink('locks/real', file);
  equal((await readLockFile(file, context))?.text, TEXT);
  equal(await writeLockFile(file, OTHER, context), true);
  equal(await readFile(join(context, 'locks/real'), 'utf8'), OTHER);
  equal(
    (await readdir(context, { withFileTypes: true })).find(({ name }) => name === 'images.lock')?.isSymbolicLink(),
    true,
  );

  await writeFile(join(folder, 'secret'), TEXT);
  const out = join(context, 'out.lock');
  await symlink('../secret', out);
  await rejects(readLockFile(out, context), { code: 'SOURCE_OUTSIDE_CONTEXT' });
  await rejects(writeLockFile(out, OTHER, context), { code: 'SOURCE_OUTSIDE_CONTEXT' });
  equal(await readFile(join(folder, 'secret'), 'utf8'), TEXT);

  const nowhere = join(context, 'nowhere.lock');
  await symlink('missing', nowhere);
  await rejects(readLockFile(nowhere, context), { code: 'LOCK_INVALID', message: /leads nowhere/ });
  const circle = join(context, 'circle.lock');
  await symlink('circle.lock', circle);
  await rejects(readLockFile(circle, context), { code: 'LOCK_INVALID', message: /leads nowhere/ });
});

test('what is no small text file is refused without being read', async (t) => {
  const folder = await folderOf(t);
  const file = (name: string): string => join(folder, name);
  await mkdir(file('folder'));
  await rejects(readLockFile(file('folder'), folder), { code: 'LOCK_INVALID', message: /is not a file/ });
  await rejects(writeLockFile(file('folder'), TEXT, folder), { code: 'LOCK_INVALID', message: /is not a file/ });
  execFileSync('mkfifo', [file('pipe')]);
  await rejects(readLockFile(file('pipe'), folder), { code: 'LOCK_INVALID', message: /is not a file/ });
  await writeFile(file('huge'), '');
  await truncate(file('huge'), 1 << 30);
  await rejects(readLockFile(file('huge'), folder), { code: 'LOCK_INVALID', message: /too large/ });
  await writeFile(file('binary'), Buffer.from([0x76, 0xff, 0xfe]));
  await rejects(readLockFile(file('binary'), folder), { code: 'LOCK_INVALID', message: /not UTF-8/ });
  await rejects(writeLockFile(file('none/images.lock'), TEXT, folder), {
    code: 'PERMISSION',
    message: /folder does not exist/,
  });
  deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith('.part')),
    [],
  );
});

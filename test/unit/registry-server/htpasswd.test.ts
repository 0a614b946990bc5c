import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { openHtpasswd } from '../../../src/registry/server/htpasswd.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

const SHA = 'ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='; // secret
const APR1 = 'bob:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/';
const BCRYPT = `cid:$2y$10$${'a'.repeat(53)}`;
const noBcrypt = () => Promise.reject(new Error('bcrypt was asked'));

test('users are known by their hash of each kind', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'htpasswd');
  await writeFile(file, `# users\n\n${SHA}\r\n${APR1}\n${BCRYPT}\n`);
  const asked: string[] = [];
  const users = await openHtpasswd(file, async (password, hash) => {
    asked.push(hash);
    return password === 'secret';
  });
  for (const user of ['ann', 'bob', 'cid']) {
    assert.equal(await users.check(user, 'secret'), true, user);
    assert.equal(await users.check(user, 'Secret'), false, user);
  }
  assert.equal(await users.check('eve', 'secret'), false);
  assert.deepEqual(new Set(asked), new Set([BCRYPT.slice(4)]));
});

test('a change of the file takes effect, a broken one does not lock out', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'htpasswd');
  await writeFile(file, SHA);
  const users = await openHtpasswd(file, noBcrypt);
  const before = await users.version();
  await writeFile(file, APR1);
  await utimes(file, 1, 1);
  assert.notEqual(await users.version(), before);
  assert.equal(await users.check('ann', 'secret'), false);
  assert.equal(await users.check('bob', 'secret'), true);
  await writeFile(file, 'half a li');
  await utimes(file, 2, 2);
  await users.version();
  assert.equal(await users.check('bob', 'secret'), true);
});

test('a hash that is not known fails at the start, with the line and without its text', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'htpasswd');
  for (const line of ['dan:hunter2', 'dan:$1$abcdefgh$xxxxxxxxxxxxxxxxxxxxxx', 'nobody', ':x']) {
    await writeFile(file, `${SHA}\n${line}\n`);
    await assert.rejects(openHtpasswd(file, noBcrypt), (error: unknown) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'CREDENTIALS_INVALID');
      assert.equal(error.at?.line, 2);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2|abcdefgh/);
      return true;
    });
  }
  await assert.rejects(openHtpasswd(join(folder.path, 'absent'), noBcrypt), /does not exist/);
});

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BuildOptions } from '../../../src/build/index.ts';
import { SealerError } from '../../../src/error.ts';
import { openSetting, type Setting } from './setting.ts';

async function refused(
  setting: Setting,
  code: string,
  files: Record<string, string>,
  options: Partial<BuildOptions> = {},
): Promise<SealerError> {
  const error = await setting.build(files, options).then(
    () => assert.fail('it did not fail'),
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof SealerError, String(error));
  assert.equal(error.code, code, error.message);
  assert.ok(error.hint !== undefined || error.problems.length > 0, 'it has a hint');
  assert.equal(error.exitCode, 1);
  assert.deepEqual(await setting.store.names(), []);
  return error;
}

test('a context that is no folder, or is not there', async () => {
  await using setting = await openSetting();
  const file = join(setting.context, 'file');
  writeFileSync(file, '');
  await refused(
    setting,
    'CONTEXT_NOT_FOUND',
    { Kubefile: 'FROM scratch' },
    { context: file, file: join(setting.context, 'Kubefile') },
  );
  await refused(setting, 'KUBEFILE_NOT_FOUND', {}, { context: join(setting.path, 'nothing') });
});

test('a base that is neither in the store nor allowed to be asked for', async () => {
  await using setting = await openSetting();
  const error = await refused(
    setting,
    'BASE_NOT_FOUND',
    { Kubefile: '\nFROM registry.test/base:v1\n' },
    { pull: 'never' },
  );
  assert.equal(error.at?.line, 2);
});

test('a source outside the context, by its path or by a link, and links that stay inside are followed', async () => {
  await using setting = await openSetting();
  writeFileSync(join(setting.path, 'outside'), 'x');
  symlinkSync('../outside', join(setting.context, 'relative'));
  symlinkSync('/etc', join(setting.context, 'absolute'));
  symlinkSync(join(setting.context, 'real'), join(setting.context, 'inside'));
  mkdirSync(join(setting.context, 'real'));
  for (const source of ['../outside', 'a/../../outside', 'relative', 'absolute/hostname', 'absolute/*']) {
    const error = await refused(setting, 'SOURCE_OUTSIDE_CONTEXT', { Kubefile: `FROM scratch\nCOPY ${source} /x/\n` });
    assert.equal(error.at?.line, 2);
  }
  const result = await setting.build({ Kubefile: 'FROM scratch\nCOPY inside/f /real/../f /\n', 'real/f': 'f', f: 'f' });
  assert.deepEqual(await setting.files(result), { f: 'f' });
});

test('all sources that are not there are told at once, with the nearest name or why', async () => {
  await using setting = await openSetting();
  const files = {
    Kubefile: 'FROM scratch\nARG DIR=manifst\nCOPY $DIR/a.yaml x/\nCOPY secret.txt /\nAPP web charts/*\n',
    '.dockerignore': 'secret.txt\n',
    'secret.txt': 's',
    'manifests/a.yaml': '',
  };
  const error = await refused(setting, 'KUBEFILE_INVALID', files);
  assert.deepEqual(
    error.problems.map(({ code, at }) => [code, at?.line]),
    [
      ['SOURCE_NOT_FOUND', 3],
      ['SOURCE_NOT_FOUND', 4],
      ['SOURCE_NOT_FOUND', 5],
    ],
  );
  assert.match(error.problems[0]?.hint ?? '', /manifests/);
  assert.match(error.problems[1]?.hint ?? '', /\.dockerignore.*!secret\.txt/);
});

test('all problems of a Kubefile are told at once', async () => {
  await using setting = await openSetting();
  const error = await refused(setting, 'KUBEFILE_INVALID', {
    Kubefile: 'FROM scratch\nCOPPY a b\nLAUNCH ["nothing"]\nCMDS ["x"\n',
  });
  assert.ok(error.problems.length >= 3, JSON.stringify(error.problems));
  assert.ok(error.problems.every(({ at }) => at?.line !== undefined));
});

test('a file does not become a folder, nor a folder a file', async () => {
  await using setting = await openSetting();
  const error = await refused(setting, 'BAD_DESTINATION', { Kubefile: 'FROM scratch\nCOPY a x\nCOPY a x/y\n', a: 'a' });
  assert.equal(error.at?.line, 3);
  await refused(setting, 'BAD_DESTINATION', { Kubefile: 'FROM scratch\nCOPY *.txt /x\n', 'a.txt': '', 'b.txt': '' });
});

test('an app that nothing tells how to launch', async () => {
  await using setting = await openSetting();
  const error = await refused(setting, 'APP_KIND_UNKNOWN', {
    Kubefile: 'FROM scratch\nAPP web web/\n',
    'web/readme.txt': '',
  });
  assert.equal(error.at?.line, 2);
  await setting.build({ Kubefile: 'FROM scratch\nAPP web web/\nAPPCMDS web ["./go"]\n' });
});

test('an unknown target, an unused build argument, and a Kubefile elsewhere', async () => {
  await using setting = await openSetting();
  await refused(setting, 'KUBEFILE_INVALID', { Kubefile: 'FROM scratch AS one\n' }, { target: 'two' });
  const file = join(setting.path, 'Elsewhere');
  writeFileSync(file, 'FROM scratch\nCOPY a .\n');
  const result = await setting.build({ a: 'a' }, { file, buildArgs: { TYPO: '1' } });
  assert.deepEqual(
    result.problems.map(({ code, severity }) => [code, severity]),
    [['BAD_VARIABLE', 'warning']],
  );
});

test('a secret that is given but not there', async () => {
  await using setting = await openSetting();
  await refused(
    setting,
    'SECRET_NOT_FOUND',
    { Kubefile: 'FROM scratch\n' },
    { secrets: [{ id: 'x', file: join(setting.path, 'no') }] },
  );
  await refused(setting, 'SECRET_NOT_FOUND', {}, { secrets: [{ id: 'x', env: 'NOT_SET' }] });
});

test('an archive that tries to leave its folder', async () => {
  await using setting = await openSetting();
  const { encodeHeader, END_OF_ARCHIVE } = await import('../../../src/oci/tar/index.ts');
  const header = encodeHeader({ path: 'xxxx/evil', type: 'file', mode: 0o644, size: 0, mtime: 0 });
  header.write('../e', 0);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  writeFileSync(join(setting.context, 'evil.tar'), Buffer.concat([header, END_OF_ARCHIVE]));
  await refused(setting, 'UNSAFE_ARCHIVE', { Kubefile: 'FROM scratch\nADD evil.tar /x/\n' });
});

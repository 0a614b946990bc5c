import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { untilEnded } from '../../lab/until-ended.ts';
import { ARM64, leftOvers, openSetting, type Setting } from './setting.ts';

function outputOf({ events }: Setting): string[] {
  return events.flatMap((event) => (event.type === 'output' ? [event.line] : []));
}

async function failure(work: Promise<unknown>): Promise<SealerError> {
  const error = await work.then(
    () => assert.fail('it did not fail'),
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof SealerError, String(error));
  return error;
}

test('what a RUN adds, changes and removes becomes a layer, and nothing else', async () => {
  await using setting = await openSetting();
  const kubefile =
    'FROM scratch\nCOPY a b c/ ./\nRUN echo new > d; echo more >> a; rm b; mkdir -p e/f; ln -s d link\nRUN true\n';
  const result = await setting.build({ Kubefile: kubefile, a: 'a\n', b: 'b', 'c/x': 'x' });
  assert.deepEqual(await setting.layer(result, 1), {
    a: 'a\nmore\n',
    '-b': '',
    d: 'new\n',
    e: '755/',
    'e/f': '755/',
    link: 'symlink d',
  });
  const config = await setting.config(result);
  assert.deepEqual(
    config.history?.map((entry) => entry.empty_layer ?? false),
    [false, false, true],
  );
});

test('a RUN sees ENV and declared ARGs, programs of bin/ first, and nothing else of the build machine', async () => {
  await using setting = await openSetting();
  const kubefile = [
    'FROM scratch',
    'ARG GIVEN',
    'ARG A=arg',
    'ENV A=env B="x y"',
    'COPY --chmod=755 tool bin/tool',
    'WORKDIR /work',
    'RUN tool "$A" "$B" "$GIVEN" "$LEAK" && umask && basename "$PWD"',
    'RUN ["tool", "$A"]',
    'RUN <<EOF\ntool from a heredoc\nEOF',
  ].join('\n');
  const env = { PATH: process.env.PATH, LEAK: 'leak' };
  await setting.build(
    { Kubefile: kubefile, tool: '#!/bin/sh\necho "tool:$*"\n' },
    { buildArgs: { GIVEN: 'g=h' } },
    { env },
  );
  assert.deepEqual(outputOf(setting), ['tool:env x y g=h ', '0022', 'work', 'tool:$A', 'tool:from a heredoc']);
});

test('a RUN that fails names its line, exit code and last words, and leaves nothing half-made', async () => {
  await using setting = await openSetting();
  const kubefile = 'FROM scratch\nRUN echo one > kept\nRUN for i in $(seq 30); do echo line $i; done; exit 7\n';
  const error = await failure(setting.build({ Kubefile: kubefile }));
  assert.equal(error.code, 'RUN_FAILED');
  assert.equal(error.at?.line, 3);
  assert.match(error.message, /exit code 7/);
  assert.match(error.message, /line 30/);
  assert.doesNotMatch(error.message, /line 10\n/);
  assert.deepEqual(await setting.store.names(), []);
  assert.deepEqual(await leftOvers(setting.store), []);
});

test('a signal that ends a RUN is named', async () => {
  await using setting = await openSetting();
  const error = await failure(setting.build({ Kubefile: 'FROM scratch\nRUN kill -9 $$\n' }));
  assert.match(error.message, /SIGKILL/);
});

test('a background process of a RUN does not outlive it', async () => {
  await using setting = await openSetting();
  const kubefile = 'FROM scratch\nRUN sleep 1000 & echo $! > pid\n';
  const result = await setting.build({ Kubefile: kubefile });
  await untilEnded((await setting.layer(result, 0)).pid?.trim() ?? '');
});

test('an interrupted build ends its RUN and leaves nothing', async () => {
  await using setting = await openSetting();
  const abort = new AbortController();
  const report = (event: { type: string }): void => {
    if (event.type === 'output') abort.abort(new Error('stop'));
  };
  const work = setting.build(
    { Kubefile: 'FROM scratch\nRUN echo ready; sleep 1000\n' },
    {},
    { signal: abort.signal, report },
  );
  await assert.rejects(work, /stop/);
  assert.deepEqual(await setting.store.names(), []);
  assert.deepEqual(await leftOvers(setting.store), []);
});

test('a cache mount keeps its content from RUN to RUN and out of the image', async () => {
  await using setting = await openSetting();
  const kubefile = [
    'FROM scratch',
    'RUN --mount=type=cache,target=/var/cache/x echo kept > var/cache/x/file',
    'RUN --mount=type=cache,target=/var/cache/x cp var/cache/x/file copied',
  ].join('\n');
  const result = await setting.build({ Kubefile: kubefile });
  assert.deepEqual(await setting.files(result), { copied: 'kept\n' });
});

test('a secret is there for one RUN, as file and as variable, and nowhere afterwards', async () => {
  await using setting = await openSetting();
  await writeFile(join(setting.path, 'token'), 's3cr3t-value\n');
  const kubefile = [
    'FROM scratch',
    'RUN --mount=type=secret,id=token test "$(cat run/secrets/token)" = "$(printf s3cr3t%svalue -)" && cat run/secrets/token && wc -c < run/secrets/token > size',
    'RUN --mount=type=secret,id=token,env=TOKEN echo "got $TOKEN"',
    'RUN --mount=type=secret,id=token,target=/etc/deep/token,mode=0400 stat -L -c %a etc/deep/token',
    'RUN --mount=type=secret,id=other echo none > none',
  ].join('\n');
  const secrets = [{ id: 'token', file: join(setting.path, 'token') }];
  const result = await setting.build({ Kubefile: kubefile }, { secrets });
  assert.deepEqual(await setting.files(result), { size: '13\n', none: 'none\n' });
  assert.deepEqual(outputOf(setting), ['***', 'got ***', '', '400']);
  for (const name of await readdir(setting.store.root, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const bytes = await readFile(join(name.parentPath, name.name));
    assert.ok(!bytes.includes('s3cr3t-value'), `${name.name} has the secret`);
  }
});

test('a RUN that writes a secret down is refused', async () => {
  await using setting = await openSetting();
  const kubefile = 'FROM scratch\nRUN --mount=type=secret,id=t mkdir d && cp run/secrets/t d/copy\n';
  const env = { PATH: process.env.PATH, TOKEN: 's3cr3t-value' };
  const error = await failure(setting.build({ Kubefile: kubefile }, { secrets: [{ id: 't', env: 'TOKEN' }] }, { env }));
  assert.equal(error.code, 'SECRET_IN_LAYER');
  assert.match(error.message, /d\/copy/);
  assert.ok(!error.message.includes('s3cr3t'));
});

test('missing secrets and a RUN that this machine cannot run are told before any work, together', async () => {
  await using setting = await openSetting();
  const kubefile = 'FROM scratch\nRUN echo x\nRUN --mount=type=secret,id=t,required=true true\n';
  const world = { emulates: async () => false };
  const error = await failure(setting.build({ Kubefile: kubefile }, { platforms: [ARM64] }, world));
  assert.deepEqual(error.problems.map(({ code }) => code).sort(), ['FOREIGN_RUN', 'FOREIGN_RUN', 'SECRET_NOT_FOUND']);
  assert.deepEqual(outputOf(setting), []);
  await setting.build(
    { Kubefile: 'FROM scratch\nRUN echo x > x\n' },
    { platforms: [ARM64] },
    { emulates: async () => true },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueSetsOf } from '../../../src/build/instructions/value-sets.ts';
import { parseExtension } from '../../../src/cluster-image/index.ts';
import { SealerError } from '../../../src/error.ts';
import { lacking } from '../render/charts.ts';
import { chartFiles } from './charts-setting.ts';
import { openSetting } from './setting.ts';

const CHART = Object.fromEntries(
  Object.entries(chartFiles('web', '1.0.0')).map(([path, text]) => [`web/${path}`, text]),
);
const FILES = {
  ...CHART,
  'values/base.yaml': 'a: 1\n',
  'values/my prod.yaml': 'a: 2\n',
  'values/edge.yaml': 'a: 3\n',
};

test('values files go beside the app, and the first set is launched', async () => {
  await using setting = await openSetting();
  const result = await setting.build({
    ...FILES,
    Kubefile:
      'FROM scratch\nARG V=values\nAPP --values=$V/base.yaml,"$V/my prod.yaml" --values=values/edge.yaml web web\nLAUNCH web\n',
  });
  const files = await setting.files(result);
  assert.deepEqual(
    Object.entries(files).filter(([path]) => /^application\/values\/web\/./.test(path)),
    [
      ['application/values/web/0-0-base.yaml', 'a: 1\n'],
      ['application/values/web/0-1-my prod.yaml', 'a: 2\n'],
      ['application/values/web/1-0-edge.yaml', 'a: 3\n'],
    ],
  );
  const [app] = parseExtension(await setting.manifest(result))?.applications ?? [];
  assert.deepEqual(app?.cmds, [
    "cd application/apps/web && helm upgrade --install web . -f ../../values/web/0-0-base.yaml -f '../../values/web/0-1-my prod.yaml'",
  ]);
  assert.deepEqual(app?.files, ['.']);
  assert.deepEqual(
    [...valueSetsOf(Object.keys(files))],
    [
      [
        'web',
        [
          ['application/values/web/0-0-base.yaml', 'application/values/web/0-1-my prod.yaml'],
          ['application/values/web/1-0-edge.yaml'],
        ],
      ],
    ],
  );
});

test('a changed values file makes another layer, an unchanged one does not', async () => {
  await using setting = await openSetting();
  const Kubefile = 'FROM scratch\nAPP --values=values/base.yaml web web\nLAUNCH web\n';
  const first = await setting.build({ ...FILES, Kubefile });
  assert.equal((await setting.build({})).digest, first.digest);
  const second = await setting.build({ 'values/base.yaml': 'a: 9\n' });
  assert.equal((await setting.files(second))['application/values/web/0-0-base.yaml'], 'a: 9\n');
});

test('an inherited app keeps its values; one that replaces it brings its own alone', async () => {
  await using setting = await openSetting();
  const base = 'FROM scratch\nAPP --values=values/base.yaml --values=values/edge.yaml web web\n';
  await setting.build(
    { ...FILES, 'Base.Kubefile': base },
    { file: `${setting.context}/Base.Kubefile`, tags: ['registry.test/base:v1'] },
  );
  const kept = await setting.build({ Kubefile: 'FROM registry.test/base:v1\nLAUNCH web\n' });
  assert.deepEqual(valueSetsOf(Object.keys(await setting.files(kept))).get('web')?.length, 2);
  assert.match(parseExtension(await setting.manifest(kept))?.applications[0]?.cmds[0] ?? '', /0-0-base\.yaml$/);
  const replaced = await setting.build({
    Kubefile: 'FROM registry.test/base:v1\nAPP --values=values/edge.yaml web web\nLAUNCH web\n',
  });
  assert.deepEqual(valueSetsOf(Object.keys(await setting.files(replaced))).get('web'), [
    ['application/values/web/0-0-edge.yaml'],
  ]);
  const bare = await setting.build({ Kubefile: 'FROM registry.test/base:v1\nAPP web web\nLAUNCH web\n' });
  assert.equal(valueSetsOf(Object.keys(await setting.files(bare))).get('web'), undefined);
});

test('the charts of inherited apps are rendered with their values', { skip: await lacking('helm') }, async () => {
  await using setting = await openSetting();
  const base = 'FROM scratch\nAPP --values=values/one.yaml --values=values/two.yaml web web\n';
  await setting.build(
    {
      ...FILES,
      'web/templates/pod.yaml': 'kind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: "{{ .Values.i }}"}]}\n',
      'values/one.yaml': 'i: registry.test/one:1\n',
      'values/two.yaml': 'i: registry.test/two:1\n',
      'Base.Kubefile': base,
    },
    { file: `${setting.context}/Base.Kubefile`, tags: ['registry.test/base:v1'], saveImages: false },
  );
  await assert.rejects(
    setting.build({ Kubefile: 'FROM registry.test/base:v1\nLAUNCH web\n' }, { offline: true }),
    (error) =>
      error instanceof SealerError &&
      error.problems.length === 2 &&
      error.problems.every(({ message }) => /registry\.test\/(one|two):1/.test(message)),
  );
});

test('values for what is no chart, and values that are no file, are refused at their place', async () => {
  await using setting = await openSetting();
  const build = (line: string) =>
    setting.build({
      ...FILES,
      'm/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
      Kubefile: `FROM scratch\n${line}\n`,
    });
  for (const [line, code] of [
    ['APP --values=values/base.yaml web m', 'BAD_FLAG'],
    ['APP --values=values web web', 'BAD_FLAG'],
    ['APP --values=values/*.yaml web web', 'BAD_FLAG'],
    ['APP --values=values/gone.yaml web web', 'SOURCE_NOT_FOUND'],
    ['APP --values=../outside.yaml web web', 'SOURCE_OUTSIDE_CONTEXT'],
  ] as const) {
    await assert.rejects(build(line), (error) => {
      assert.ok(error instanceof SealerError);
      const found = error.problems[0] ?? error;
      assert.equal(found.code, code, `${line}: ${found.message}`);
      assert.equal(found.at?.line, 2);
      assert.equal(found.at?.column, 14);
      return true;
    });
  }
});

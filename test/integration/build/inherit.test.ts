import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExtension } from '../../../src/cluster-image/index.ts';
import { SealerError } from '../../../src/error.ts';
import { openSetting, type Setting } from './setting.ts';

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n';
const BASE = {
  'Base.Kubefile': [
    'FROM scratch',
    'ENV HOMEPAGE=base PORT=1',
    'LABEL from=base kept=1',
    'WORKDIR /opt',
    'COPY etc etc',
    'APP web web/',
    'APPENV web MODE=base',
    'APP db db/',
    'LAUNCH ["db","web"]',
  ].join('\n'),
  'web/pod.yaml': CONFIG_MAP,
  'web/old/gone.yaml': CONFIG_MAP,
  'db/db.yaml': CONFIG_MAP,
  'etc/base.conf': 'base',
};

async function buildBase(setting: Setting): Promise<void> {
  await setting.build(BASE, { file: `${setting.context}/Base.Kubefile`, tags: ['registry.test/base:v1'] });
}

test('environment, labels, working directory, apps and launch are inherited, and can be replaced', async () => {
  await using setting = await openSetting();
  await buildBase(setting);
  const result = await setting.build({
    Kubefile:
      'FROM registry.test/base:v1\nENV PORT=2 PAGE=$HOMEPAGE\nLABEL from=own\nAPPENV web MODE=own\nAPPCMDS db ["one","two"]\n',
  });
  const config = (await setting.config(result)).config;
  assert.deepEqual(config?.Env?.toSorted(), ['HOMEPAGE=base', 'PAGE=base', 'PORT=2']);
  assert.equal(config?.WorkingDir, '/opt');
  assert.equal(config?.Labels?.from, 'own');
  assert.equal(config?.Labels?.kept, '1');
  const manifest = await setting.manifest(result);
  const extension = parseExtension(manifest);
  assert.deepEqual(extension?.launch, { app_names: ['db', 'web'], cmds: [] });
  const [web, db] = extension?.applications ?? [];
  assert.deepEqual([web?.name, web?.env, web?.type], ['web', { MODE: 'own' }, 'kube']);
  assert.deepEqual(db?.cmds, ['cd application/apps/db && one', 'cd application/apps/db && two']);
  const base = await setting.store.resolve('registry.test/base:v1');
  assert.equal(manifest.annotations?.['org.opencontainers.image.base.name'], 'registry.test/base:v1');
  assert.equal(manifest.annotations?.['org.opencontainers.image.base.digest'], base?.digest);
});

test('an app that is declared again replaces the inherited one, files and all', async () => {
  await using setting = await openSetting();
  await buildBase(setting);
  const result = await setting.build({
    Kubefile: 'FROM registry.test/base:v1\nAPP web new/\nLAUNCH web\n',
    'new/install.sh': 'true',
  });
  assert.deepEqual(await setting.layer(result, -1), {
    application: '755/',
    'application/apps': '755/',
    'application/apps/web': '755/',
    '-application/apps/web/old': '',
    '-application/apps/web/pod.yaml': '',
    'application/apps/web/install.sh': 'true',
  });
  const web = parseExtension(await setting.manifest(result))?.applications.find(({ name }) => name === 'web');
  assert.deepEqual(web, {
    name: 'web',
    type: 'shell',
    files: ['install.sh'],
    version: 'v1',
    env: {},
    cmds: ['cd application/apps/web && sh install.sh'],
  });
});

for (const [instructions, expected] of [
  ['', { app_names: ['db', 'web'], cmds: [] }],
  ['LAUNCH ["web"]', { app_names: ['web'], cmds: [] }],
  ['CMDS ["a","b"]', { app_names: [], cmds: ['a', 'b'] }],
  ['CMD a\nCMD b', { app_names: [], cmds: ['a', 'b'] }],
] as const) {
  test(`the inherited launch ${instructions === '' ? 'stays' : `is replaced by ${instructions.replace('\n', ' and ')}`}`, async () => {
    await using setting = await openSetting();
    await buildBase(setting);
    const result = await setting.build({ Kubefile: `FROM registry.test/base:v1\n${instructions}\n` });
    assert.deepEqual(parseExtension(await setting.manifest(result))?.launch, expected);
  });
}

test('a LAUNCH of an app that nobody declares is refused with the nearest name, before anything runs', async () => {
  await using setting = await openSetting();
  await buildBase(setting);
  const work = setting.build({ Kubefile: 'FROM registry.test/base:v1\nRUN echo ran\nLAUNCH wep\n' });
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof SealerError);
    assert.equal(error.code, 'UNKNOWN_APP');
    assert.match(error.hint ?? '', /web/);
    return error.at?.line === 3;
  });
  assert.ok(!setting.events.some((event) => event.type === 'output'));
});

test('what COPY adds is laid over the base, links of the base followed inside the image', async () => {
  await using setting = await openSetting();
  await setting.build(
    { 'L.Kubefile': 'FROM scratch\nRUN mkdir -p usr/lib && ln -s usr/lib lib && ln -s /usr abs\n' },
    { file: `${setting.context}/L.Kubefile`, tags: ['registry.test/links:v1'] },
  );
  const result = await setting.build({
    Kubefile: 'FROM registry.test/links:v1\nCOPY a /lib/\nCOPY a /abs/b\n',
    a: 'a',
  });
  assert.deepEqual(await setting.layer(result, 1), { usr: '755/', 'usr/lib': '755/', 'usr/lib/a': 'a' });
  assert.deepEqual(await setting.layer(result, 2), { usr: '755/', 'usr/b': 'a' });
});

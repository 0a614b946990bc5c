import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExtension } from '../../../src/cluster-image/index.ts';
import { SealerError } from '../../../src/error.ts';
import { type ChartSite, packChart, packed, sha256, startChartSite } from './charts-setting.ts';
import { openSetting, type Setting } from './setting.ts';

const MYSQL = new Map(
  ['9.0.0', '9.1.0', '9.2.0-rc.1', '10.0.0'].map((version) => [version, packChart('mysql', version)]),
);

/** A repository that has a chart in some versions. */
async function startRepository(): Promise<ChartSite> {
  const site = await startChartSite();
  const listed = [...MYSQL].map(([version, bytes]) => {
    site.files.set(`/charts/mysql-${version}.tgz`, bytes);
    return { version, urls: [`mysql-${version}.tgz`], digest: sha256(bytes) };
  });
  site.index({ mysql: listed });
  return site;
}

const kubefile = (site: ChartSite, version: string, flags = ''): Record<string, string> => ({
  Kubefile: `FROM scratch\nAPP ${flags} --chart="mysql:${version}" db ${site.url}/charts\nLAUNCH db\n`,
});

async function fail(work: Promise<unknown>): Promise<SealerError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SealerError, String(error));
  return error;
}

async function appFiles(setting: Setting, result: Awaited<ReturnType<Setting['build']>>): Promise<string[]> {
  return Object.keys(await setting.files(result)).filter(
    (path) => path.startsWith('application/') && /\.\w+$/.test(path),
  );
}

test('a range takes the newest release in it, under its own name, and is launched by helm', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const result = await setting.build(kubefile(site, '^9.0'));
  assert.deepEqual(await appFiles(setting, result), ['application/apps/db/mysql-9.1.0.tgz']);
  const [app] = parseExtension(await setting.manifest(result))?.applications ?? [];
  assert.equal(app?.type, 'helm');
  assert.deepEqual(app?.files, ['mysql-9.1.0.tgz']);
  assert.deepEqual(app?.cmds, ['cd application/apps/db && helm upgrade --install db mysql-9.1.0.tgz']);
});

test('a second build asks nobody, also for a range; --pull asks again', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const first = await setting.build(kubefile(site, '>=9.0 <10'));
  site.requests.length = 0;
  const again = await setting.build({});
  assert.deepEqual(site.requests, []);
  assert.equal(again.digest, first.digest);
  const newer = packChart('mysql', '9.3.0');
  site.files.set('/charts/mysql-9.3.0.tgz', newer);
  site.index({ mysql: [{ version: '9.3.0', urls: [`${site.url}/charts/mysql-9.3.0.tgz`], digest: sha256(newer) }] });
  assert.equal((await setting.build({})).digest, first.digest);
  const pulled = await setting.build({}, { pull: 'always' });
  assert.deepEqual(await appFiles(setting, pulled), ['application/apps/db/mysql-9.3.0.tgz']);
});

test('offline a chart comes from the store, or is told to be missing', async () => {
  await using setting = await openSetting();
  const site = await startRepository();
  const first = await setting.build(kubefile(site, '9.1.0'));
  await site[Symbol.asyncDispose]();
  assert.equal((await setting.build({}, { offline: true })).digest, first.digest);
  assert.equal((await setting.build({}, { pull: 'never' })).digest, first.digest);
  const error = await fail(setting.build(kubefile(site, '9.0.0'), { offline: true }));
  assert.equal(error.code, 'CHART_NOT_FOUND');
  assert.equal(error.at?.line, 2);
});

test('an archive that is not what the index says is refused', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  site.files.set('/charts/mysql-9.1.0.tgz', packChart('mysql', '9.0.0'));
  assert.equal((await fail(setting.build(kubefile(site, '9.1.0')))).code, 'CHECKSUM_MISMATCH');
  site.index({ mysql: [{ version: '9.1.0', urls: ['mysql-9.0.0.tgz'] }] });
  const error = await fail(setting.build(kubefile(site, '9.1.0')));
  assert.equal(error.code, 'CHART_INVALID');
  assert.match(error.message, /mysql 9\.0\.0/);
});

test('a version or chart that is not there is told with what is', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const version = await fail(setting.build(kubefile(site, '^11')));
  assert.equal(version.code, 'CHART_NOT_FOUND');
  assert.match(version.hint ?? '', /10\.0\.0, 9\.2\.0-rc\.1, 9\.1\.0/);
  const chart = await fail(
    setting.build({ Kubefile: `FROM scratch\nAPP --chart=__proto__:1 db ${site.url}/charts\n` }),
  );
  assert.ok(['CHART_NOT_FOUND', 'KUBEFILE_INVALID', 'BAD_FLAG'].includes(chart.code), chart.code);
  const other = await fail(setting.build({ Kubefile: `FROM scratch\nAPP --chart=redis:1 db ${site.url}/charts\n` }));
  assert.match(other.hint ?? '', /no chart redis/);
  const site404 = await fail(setting.build({ Kubefile: `FROM scratch\nAPP --chart=redis:1 db ${site.url}/nothing\n` }));
  assert.equal(site404.code, 'DOWNLOAD_FAILED');
  site.files.set('/charts/index.yaml', Buffer.from('<html>welcome</html>'));
  assert.equal((await fail(setting.build(kubefile(site, '8.0.0')))).code, 'CHART_INVALID');
  const range = await fail(setting.build(kubefile(site, 'newest')));
  assert.equal(range.code, 'BAD_FLAG');
});

test('hostile charts are refused, and name no file outside', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const chart = (yaml: string) => ({ path: 'mysql/Chart.yaml', content: yaml });
  const cases: [name: string, bytes: Buffer, code: string][] = [
    [
      'traversal',
      packed([chart('name: mysql\nversion: 9.1.0\n'), { path: '../../evil', content: 'x' }]),
      'UNSAFE_ARCHIVE',
    ],
    [
      'absolute',
      packed([chart('name: mysql\nversion: 9.1.0\n'), { path: '/etc/evil', content: 'x' }]),
      'UNSAFE_ARCHIVE',
    ],
    ['name', packed([chart('name: ../../evil\nversion: 9.1.0\n')]), 'CHART_INVALID'],
    ['none', packed([{ path: 'mysql/README.md', content: 'x' }]), 'CHART_INVALID'],
    ['yaml', packed([chart('a: [')]), 'CHART_INVALID'],
    ['text', Buffer.from('no archive'), 'CORRUPT_ARCHIVE'],
    ['large', packed([chart(`name: mysql\nversion: 9.1.0\n#${'x'.repeat(6_000_000)}`)]), 'CHART_INVALID'],
    [
      'bomb',
      packed([chart('name: mysql\nversion: 9.1.0\n'), { path: 'mysql/zero', content: Buffer.alloc(101 << 20) }]),
      'ARCHIVE_TOO_LARGE',
    ],
  ];
  for (const [name, bytes, code] of cases) {
    site.files.set(`/charts/${name}.tgz`, bytes);
    site.index({ mysql: [{ version: '9.1.0', urls: [`${name}.tgz`], digest: sha256(bytes) }] });
    const error = await fail(setting.build(kubefile(site, '9.1.0')));
    assert.equal(error.code, code, `${name}: ${error.message}`);
  }
  for (const url of ['file:///etc/passwd', 'ftp://host/x.tgz']) {
    site.index({ mysql: [{ version: '9.1.0', urls: [url] }] });
    assert.equal((await fail(setting.build(kubefile(site, '9.1.0')))).code, 'CHART_INVALID');
  }
});

test('--checksum pins the archive whatever the index says', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const right = sha256(MYSQL.get('9.1.0') ?? Buffer.alloc(0));
  await setting.build(kubefile(site, '9.1.0', `--checksum=sha256:${right}`));
  const wrong = await fail(setting.build(kubefile(site, '9.1.0', `--checksum=sha256:${'0'.repeat(64)}`)));
  assert.equal(wrong.code, 'CHECKSUM_MISMATCH');
});

test('dependencies that a chart does not carry are fetched, in the version of Chart.lock', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const dependencies = [{ name: 'mysql', version: '^9.0', repository: `${site.url}/charts` }];
  const locked = { ...dependencies[0], version: '9.0.0' };
  const files = {
    Kubefile: 'FROM scratch\nAPP shop shop/\nLAUNCH shop\n',
    'shop/Chart.yaml': JSON.stringify({ apiVersion: 'v2', name: 'shop', version: '1.0.0', dependencies }),
    'shop/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
  };
  const newest = await setting.build(files);
  assert.ok((await appFiles(setting, newest)).includes('application/apps/shop/charts/mysql-9.1.0.tgz'));
  assert.ok(newest.problems.some(({ code, message }) => code === 'CHART_INVALID' && /no Chart\.lock/.test(message)));
  const pinned = await setting.build({ 'shop/Chart.lock': JSON.stringify({ dependencies: [locked] }) });
  assert.ok((await appFiles(setting, pinned)).includes('application/apps/shop/charts/mysql-9.0.0.tgz'));
  assert.deepEqual(
    pinned.problems.filter(({ code }) => code === 'CHART_INVALID'),
    [],
  );
  const stale = { ...locked, version: '10.0.0' };
  const error = await fail(setting.build({ 'shop/Chart.lock': JSON.stringify({ dependencies: [stale] }) }));
  assert.equal(error.code, 'CHART_INVALID');
  assert.match(error.hint ?? '', /helm dependency update/);
});

test('a dependency beside the chart is packed in, one that is there stays, one from nowhere is told', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const chart = (dependencies: object[]) =>
    JSON.stringify({ apiVersion: 'v2', name: 'shop', version: '1.0.0', dependencies });
  const files = {
    Kubefile: 'FROM scratch\nAPP shop charts/shop\nLAUNCH shop\n',
    'charts/shop/Chart.yaml': chart([{ name: 'common', version: '1.x', repository: 'file://../common' }]),
    'charts/shop/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
    'charts/common/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n',
  };
  const result = await setting.build(files);
  assert.ok((await appFiles(setting, result)).includes('application/apps/shop/charts/common/Chart.yaml'));
  const vendored = {
    'charts/shop/Chart.yaml': chart([{ name: 'mysql', version: '9', repository: `${site.url}/charts` }]),
    'charts/shop/charts/mysql/Chart.yaml': 'apiVersion: v2\nname: mysql\nversion: 9.0.0\n',
  };
  await setting.build(vendored);
  assert.deepEqual(site.requests, []);
  for (const repository of ['@stable', '', 'file://../../../outside']) {
    const yaml = chart([{ name: 'gone', version: '1', repository }]);
    const error = await fail(setting.build({ 'charts/shop/Chart.yaml': yaml }));
    assert.ok(['CHART_INVALID', 'SOURCE_OUTSIDE_CONTEXT', 'SOURCE_NOT_FOUND'].includes(error.code), error.code);
  }
});

test('a packed chart that lacks a dependency becomes a folder that has it', async () => {
  await using setting = await openSetting();
  await using site = await startRepository();
  const shop = packChart('shop', '1.0.0', [{ name: 'mysql', version: '9.0.0', repository: `${site.url}/charts` }]);
  const result = await setting.build({ Kubefile: 'FROM scratch\nAPP shop shop.tgz\nLAUNCH shop\n', 'shop.tgz': shop });
  assert.deepEqual(await appFiles(setting, result), [
    'application/apps/shop/Chart.yaml',
    'application/apps/shop/charts/mysql-9.0.0.tgz',
    'application/apps/shop/templates/config.yaml',
    'application/apps/shop/values.yaml',
  ]);
  const [app] = parseExtension(await setting.manifest(result))?.applications ?? [];
  assert.deepEqual(app?.cmds, ['cd application/apps/shop && helm upgrade --install shop .']);
});

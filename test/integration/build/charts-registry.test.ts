import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { SealerError } from '../../../src/error.ts';
import type { RegistryClient } from '../../../src/registry/client/index.ts';
import { findTool } from '../../../src/render/index.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { chartFiles, packChart, startChartSite } from './charts-setting.ts';
import { AMD64, ARM64, openSetting, type Setting } from './setting.ts';

/** helm, as users have it, or from the npm package that is there for tests. */
async function helm(t: TestContext): Promise<((...args: string[]) => Promise<string>) | undefined> {
  const toolsFolder = join(homedir(), '.cache', 'sealer-lab', 'tools');
  const path = await findTool('helm', { env: process.env, toolsFolder }).catch((error: Error) => error);
  if (path instanceof Error) {
    t.skip(path.message);
    return undefined;
  }
  const home = await folderOf(t, 'helm');
  const env = { PATH: process.env.PATH, HOME: home };
  return async (...args) => (await promisify(execFile)(path, args, { env })).stdout;
}

async function fail(work: Promise<unknown>): Promise<SealerError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SealerError, String(error));
  return error;
}

/** What the build asks registries for. */
function counting(setting: Setting): { client: RegistryClient; requests: string[] } {
  const requests: string[] = [];
  const client = new Proxy(setting.client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        requests.push(String(property));
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { client, requests };
}

test('a chart that helm pushed lands in the image as helm packed it; its plus is an underscore in the tag', {
  skip: needs('docker-registry'),
}, async (t) => {
  const run = await helm(t);
  if (run === undefined) return;
  await using registry = await startDockerRegistry();
  await using setting = await openSetting();
  const folder = await folderOf(t, 'chart');
  writeFiles(join(folder, 'web'), chartFiles('web', '1.2.3+build.4'));
  await run('package', join(folder, 'web'), '--destination', folder);
  const file = join(folder, 'web-1.2.3+build.4.tgz');
  await run('push', '--plain-http', file, `oci://${registry.address}/charts`);
  const source = `oci://${registry.address}/charts/web:1.2.3+build.4`;
  const { client, requests } = counting(setting);
  const files = { Kubefile: `FROM scratch\nAPP web ${source}\nLAUNCH web\n` };
  const result = await setting.build(files, {}, { client });
  const name = 'application/apps/web/web-1.2.3+build.4.tgz';
  assert.equal((await setting.files(result))[name], (await readFile(file)).toString());
  requests.length = 0;
  assert.equal((await setting.build({}, {}, { client })).digest, result.digest);
  assert.deepEqual(requests, [], 'what was fetched once is not asked for again');
  assert.equal((await setting.build({}, { offline: true }, { client })).digest, result.digest);
  await setting.build({}, { pull: 'always' }, { client });
  assert.deepEqual(requests, ['resolve']);
  requests.length = 0;
  await setting.build({}, { pull: 'always', platforms: [AMD64, ARM64] }, { client });
  assert.deepEqual(requests, ['resolve'], 'all platforms of a build get the same chart');
});

test('the lock pins a chart: a tag that moved makes no difference, and --locked wants every chart in it', {
  skip: needs('docker-registry'),
}, async (t) => {
  const run = await helm(t);
  if (run === undefined) return;
  await using registry = await startDockerRegistry();
  await using setting = await openSetting();
  const folder = await folderOf(t, 'chart');
  const push = async (text: string): Promise<void> => {
    writeFiles(join(folder, 'web'), { ...chartFiles('web', '1.0.0'), 'values.yaml': text });
    await run('package', join(folder, 'web'), '--destination', folder);
    await run('push', '--plain-http', join(folder, 'web-1.0.0.tgz'), `oci://${registry.address}/charts`);
  };
  await push('a: 1\n');
  const source = `oci://${registry.address}/charts/web:1.0.0`;
  const Kubefile = `FROM scratch\nAPP web ${source}\nLAUNCH web\n`;
  assert.equal((await fail(setting.build({ Kubefile }, { lock: 'require' }))).code, 'LOCK_STALE');
  const first = await setting.build({ Kubefile }, { lock: 'write' });
  assert.match(await readFile(join(setting.context, 'images.lock'), 'utf8'), new RegExp(source));
  await push('a: 2\n');
  await using other = await openSetting();
  const lock = await readFile(join(setting.context, 'images.lock'));
  const again = await other.build({ Kubefile, 'images.lock': lock }, { lock: 'require', pull: 'always' });
  const archive = 'application/apps/web/web-1.0.0.tgz';
  assert.equal((await other.files(again))[archive], (await setting.files(first))[archive]);
  const loose = await other.build({}, { lock: 'ignore', pull: 'always' });
  assert.notEqual((await other.files(loose))[archive], (await setting.files(first))[archive]);
  await writeFile(join(other.context, 'images.lock'), 'version: 1\nimages: {}\n');
  const stale = await fail(other.build({}, { lock: 'require' }));
  assert.equal(stale.code, 'LOCK_STALE');
  assert.ok(stale.message.includes(source));
});

test('a chart repository is pinned by the lock as well', async () => {
  await using setting = await openSetting();
  await using site = await startChartSite();
  const serve = (version: string): void => {
    site.files.set(`/charts/web-${version}.tgz`, packChart('web', version));
    site.index({ web: ['1.0.0', version].map((each) => ({ version: each, urls: [`web-${each}.tgz`] })) });
  };
  serve('1.0.0');
  const Kubefile = `FROM scratch\nAPP --chart=web:^1 web ${site.url}/charts/\nLAUNCH web\n`;
  await setting.build({ Kubefile }, { lock: 'write' });
  const lock = await readFile(join(setting.context, 'images.lock'));
  assert.match(lock.toString(), new RegExp(`${site.url}/charts#web:\\^1`));
  serve('1.1.0');
  assert.ok('application/apps/web/web-1.0.0.tgz' in (await setting.files(await setting.build({}, { pull: 'always' }))));
  await using other = await openSetting();
  const error = await fail(other.build({ Kubefile, 'images.lock': lock }, { lock: 'require' }));
  assert.equal(error.code, 'CHECKSUM_MISMATCH', 'without digests in the index nothing tells which one it was');
  assert.match(error.hint ?? '', /sealer lock --update/);
});

test('a dependency in a registry is taken in the newest version of its range, or as Chart.lock has it', {
  skip: needs('docker-registry'),
}, async (t) => {
  const run = await helm(t);
  if (run === undefined) return;
  await using registry = await startDockerRegistry();
  await using setting = await openSetting();
  const folder = await folderOf(t, 'chart');
  for (const version of ['1.0.0', '1.1.0', '1.2.0-beta', '2.0.0']) {
    const file = join(folder, `db-${version}.tgz`);
    await writeFile(file, packChart('db', version));
    await run('push', '--plain-http', file, `oci://${registry.address}/charts`);
  }
  const dependencies = [{ name: 'db', version: '^1.0', repository: `oci://${registry.address}/charts` }];
  const files = {
    Kubefile: 'FROM scratch\nAPP shop shop\nLAUNCH shop\n',
    'shop/Chart.yaml': JSON.stringify({ apiVersion: 'v2', name: 'shop', version: '1.0.0', dependencies }),
    'shop/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
  };
  assert.ok('application/apps/shop/charts/db-1.1.0.tgz' in (await setting.files(await setting.build(files))));
  const lock = JSON.stringify({ dependencies: [{ ...dependencies[0], version: '1.0.0' }] });
  const locked = await setting.build({ 'shop/Chart.lock': lock });
  assert.ok('application/apps/shop/charts/db-1.0.0.tgz' in (await setting.files(locked)));
});

test('what is no chart in a registry, is not there, or has no host is told', {
  skip: needs('docker-registry', 'crane'),
}, async (t) => {
  await using registry = await startDockerRegistry();
  await using setting = await openSetting();
  const folder = await folderOf(t, 'image');
  await writeFile(join(folder, 'layer.tar'), Buffer.alloc(1024));
  await runTool('crane', [
    'append',
    '--insecure',
    '--oci-empty-base',
    '-f',
    join(folder, 'layer.tar'),
    '-t',
    `${registry.address}/image:1`,
  ]);
  const build = (source: string) => fail(setting.build({ Kubefile: `FROM scratch\nARG S=${source}\nAPP web $S\n` }));
  assert.equal((await build(`oci://${registry.address}/image:1`)).code, 'CHART_INVALID');
  const gone = await build(`oci://${registry.address}/charts/gone:1.0.0`);
  assert.equal(gone.code, 'CHART_NOT_FOUND');
  assert.equal(gone.at?.line, 3);
  assert.equal((await build('oci://charts/web:1.0.0')).code, 'BAD_ARGUMENTS');
  assert.equal((await build(`oci://${registry.address}/charts/web`)).code, 'BAD_ARGUMENTS');
  assert.equal((await build(`oci://${registry.address}/Charts/Web:1`)).code, 'BAD_ARGUMENTS');
});

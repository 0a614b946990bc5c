/** What actions/build does about container images: locks, annotations, a recording, and the proof that gates outputs. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { type LabEngine, labEngine } from '../../lab/engine.ts';
import { labClusterImage, needsCluster } from '../../lab/kubernetes/cluster-image.ts';
import { OPERATOR_NEEDS, type OperatorApp, operatorApp } from '../../lab/operator/operator-app.ts';
import { needs } from '../../lab/tools.ts';
import { openSetting, type Setting } from '../actions/setting.ts';

const SKIP = needsCluster() || OPERATOR_NEEDS || needs('docker-registry');

let setting: Setting;

before(async () => {
  setting = await openSetting();
});
after(() => setting[Symbol.asyncDispose]());

describe('the lock, in actions/build', () => {
  test('is written by lock: write, and what it says is required by lock: require', async () => {
    const name = `${setting.registry.address}/demo/hello:v1`;
    const written = await setting.job('actions/build', setting.app(), { context: 'deploy', lock: 'write' });
    assert.ok(written.success, written.log);
    const lock = readFileSync(join(written.workspace, 'deploy', 'images.lock'), 'utf8');
    assert.ok(lock.includes(name), lock);

    const locked = { ...setting.app(), 'deploy/images.lock': lock };
    const same = await setting.job('actions/build', locked, { context: 'deploy', lock: 'require' });
    assert.ok(same.success, same.log);
    assert.equal(same.outputs.digest, written.outputs.digest);
    assert.equal(readFileSync(join(same.workspace, 'deploy', 'images.lock'), 'utf8'), lock);
  });

  test('that lacks an image is an error on the line that names it, and gives no outputs', async () => {
    const stale = { ...setting.app(), 'deploy/images.lock': 'version: 1\nimages: {}\n' };
    const refused = await setting.job('actions/build', stale, { context: 'deploy', lock: 'require' });
    assert.ok(!refused.success);
    assert.equal(refused.outputs.digest, '');
    const found = refused.annotations.find(({ properties }) => properties.title === 'sealer: LOCK_STALE');
    assert.equal(found?.level, 'error', refused.log);
    assert.equal(found?.properties.file, 'deploy/manifests/pod.yaml');
    assert.equal(found?.properties.line, '7');
    assert.match(found?.message ?? '', /demo\/hello:v1/);
  });

  test('that is not there is required in vain', async () => {
    const refused = await setting.job('actions/build', setting.app(), { context: 'deploy', lock: 'require' });
    assert.ok(!refused.success);
    assert.match(refused.log, /LOCK_/);
    assert.match(refused.log, /images\.lock/);
  });
});

describe('findings as annotations, in actions/build', () => {
  test('each image that is missing is an error on the line that names it', async () => {
    const missing = (name: string) => `${setting.registry.address}/demo/${name}:v9`;
    const { 'deploy/manifests/pod.yaml': other = '' } = setting.app(missing('gone'));
    const files = { ...setting.app(missing('absent')), 'deploy/manifests/other.yaml': `# Another one.\n${other}` };
    const failed = await setting.job('actions/build', files, { context: 'deploy' });
    assert.ok(!failed.success);
    const lines = failed.annotations.flatMap(({ level, properties: { file, line }, message }) =>
      file === undefined ? [] : [`${level} ${file}:${line} ${/demo\/\w+/.exec(message)}`],
    );
    assert.deepEqual(lines.sort(), [
      'error deploy/manifests/other.yaml:8 demo/gone',
      'error deploy/manifests/pod.yaml:7 demo/absent',
    ]);
    assert.equal(failed.outputs.digest, '');
    assert.match(failed.summary, /^<h3>Failed: <code>IMAGES_MISSING<.*demo\/absent:v9.*demo\/gone:v9/s);
  });

  test('a text that looks like an image and is none is a notice on its line, and fails nothing', async () => {
    const { address } = setting.registry;
    const config = [
      'apiVersion: v1',
      'kind: ConfigMap',
      'metadata: { name: texts }',
      'data:',
      `  greeter: ${address}/demo/no-image:v1`,
      '',
    ].join('\n');
    const files = { ...setting.app(), 'deploy/manifests/config.yaml': config };
    const built = await setting.job('actions/build', files, { context: 'deploy' });
    assert.ok(built.success, built.log);
    const [notice, ...more] = built.annotations;
    assert.deepEqual(more, []);
    assert.equal(notice?.level, 'notice');
    assert.equal(notice?.properties.file, 'deploy/manifests/config.yaml');
    assert.equal(notice?.properties.line, '5');
    assert.match(notice?.message ?? '', /demo\/no-image:v1.* may be an image, and is none/s);
  });
});

describe('a cluster, in actions/build', { skip: SKIP, timeout: 600_000 }, () => {
  const resources = new AsyncDisposableStack();
  let engine: LabEngine;
  let app: OperatorApp;
  let cluster: Readonly<Record<string, string>>;
  let files: Readonly<Record<string, string>>;

  before(async () => {
    const started = resources.use(await labEngine());
    assert.ok(started.skip === false, String(started.skip));
    engine = started;
    cluster = {
      'cluster-image': await labClusterImage(engine),
      ...{ 'cluster-timeout': '4m', 'cluster-settle': '2s', verify: 'true' },
    };
    const upstream = resources.use(await startDockerRegistry());
    app = await operatorApp(upstream.address);
    const manifests = Object.entries(app.manifests).map(([path, text]) => [`deploy/${path}`, text]);
    files = {
      ...Object.fromEntries(manifests),
      // The summary shows instructions, and is HTML that others look at.
      'deploy/Kubefile': `${app.kubefile.trimEnd()}\nRUN echo '<img src=x onerror=alert(1)> @team' > note\n`,
    };
  });
  after(() => resources.disposeAsync());

  const job = (inputs: Readonly<Record<string, string>>) =>
    setting.job(
      'actions/build',
      files,
      { context: 'deploy', tags: 'shop:v1', ...cluster, ...inputs },
      { env: engine.env },
    );

  test('records what no file names, proves the image, and the summary tells both', async () => {
    const built = await job({ cluster: 'k3s', lock: 'write' });
    assert.ok(built.success, built.log);
    assert.match(built.outputs.digest ?? '', /^sha256:/);
    const rows = [...built.summary.matchAll(/<tr><td>(.*?)<\/td><td><code>([^<]*\/lab\/[^<]*)<\/code>.*?<\/tr>/g)];
    assert.deepEqual(
      rows.map(([, , image]) => image),
      [app.images.worker, app.images.operator, app.images.web],
      'by app; what only the cluster asked for is of none',
    );
    for (const [row, name, image = ''] of rows) {
      assert.equal(name, image === app.images.worker ? '' : 'lab', row);
      assert.match(row, /<td>2\.4 MB<\/td>/);
      assert.match(row, image === app.images.worker ? /pulled by Deployment lab-operator\/worker/ : /manifests\//);
    }
    assert.match(
      built.summary,
      /Verified: the image runs offline \(3 workloads ready, 3 images pulled from the bundle, \d+ s\)/,
    );
    assert.match(built.log, /3 workloads, all ready; 3 container images pulled from the bundle/);
    const lock = readFileSync(join(built.workspace, 'deploy', 'images.lock'), 'utf8');
    assert.match(lock, /found by recording/);
    assert.ok(!built.summary.includes('<img'), 'what the user wrote is escaped');
    assert.ok(built.summary.includes('&lt;img src=x onerror=alert(1)&gt; &#64;team'));
  });

  test('that proves an image incomplete sets no outputs, is red, and says what is missing and who asked', async () => {
    const failed = await job({});
    assert.ok(!failed.success);
    for (const name of ['digest', 'imageid', 'metadata', 'oci-path', 'reused-bytes']) {
      assert.equal(failed.outputs[name], '', name);
    }
    const missing = failed.annotations.find(({ properties }) => properties.title === 'sealer: IMAGES_MISSING');
    assert.equal(missing?.level, 'error', failed.log);
    assert.ok(missing?.message.includes(`${app.images.worker}, asked for by Deployment lab-operator/worker`));
    const late = failed.annotations.find(({ properties }) => properties.title === 'sealer: WORKLOADS_NOT_READY');
    assert.match(late?.message ?? '', /^Deployment lab-operator\/worker: /);
    assert.match(failed.log, /The image does not run offline: 1 image not in the bundle, 1 workload not ready/);
    assert.match(failed.log, /Build with --record/);
    assert.match(failed.log, /^missing .*asked for by Deployment lab-operator\/worker/m);
    assert.match(failed.summary, /<details open><summary>Verified: the image does not run offline/);
    assert.ok(failed.summary.includes(`<td>missing</td><td><code>${app.images.worker}</code></td>`), failed.summary);
    assert.match(failed.summary, /<td>not ready<\/td><td><code>Deployment lab-operator\/worker<\/code><\/td>/);
  });
});

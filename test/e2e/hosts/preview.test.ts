/** Previews of two pull requests on a pool of two real hosts, by actions/run: opened, pushed, closed without a word, swept. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { namePreview } from '../../../src/ci/preview/index.ts';
import { labEngine } from '../../lab/engine.ts';
import { type LabPull, labGithub, stateOf } from '../../lab/github/index.ts';
import { copyOfBaseImages, LAB_IMAGES, needsBaseImages, SHOP_PORT } from '../../lab/hosts/base-image.ts';
import { labHosts } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { openSetting } from '../actions/setting.ts';

const MINUTES = 60_000;

test('two pull requests have a cluster on a host of the pool each; a lost close is swept, and its host is free', {
  skip: unlessLong(needsBaseImages()),
  timeout: 40 * MINUTES,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await labEngine());
  assert.ok(engine.skip === false, String(engine.skip));
  const setting = stack.use(await openSetting());
  const github = stack.use(await labGithub());
  const lab = stack.use(await labHosts(engine, { count: 2, standIns: true, prefix: `preview-${process.pid}` }));
  const store = join(setting.folder, 'lab-store');
  await copyOfBaseImages(store);
  const pool = lab.hosts.map(({ address }) => `- { address: root@${address}, labels: { size: small } }\n`).join('');
  const { repository } = github.state;
  const inputs = {
    image: LAB_IMAGES['v1.20.2'].shop,
    pool: 'hosts.yaml',
    'pool-labels': 'size=small',
    'preview-url': `http://{host}:${SHOP_PORT}`,
    'smoke-test': 'curl -fsS --retry 20 --retry-delay 3 --retry-all-errors "$PREVIEW_URL"',
    'ssh-key': await readFile(lab.keys.privateKey, 'utf8'),
    'ssh-known-hosts': await readFile(lab.keys.knownHosts, 'utf8'),
    'github-token': github.token,
  };
  const job = async (mode: 'pr' | 'sweep', eventName: string, event: object) => {
    const env = { ...github.env(), SEALER_HOME: store };
    const files = { 'hosts.yaml': pool };
    const done = await setting.job('actions/run', files, { ...inputs, preview: mode }, { env, eventName, event });
    assert.ok(done.success, done.log.slice(-8000));
    return done;
  };
  const happen = (pull: LabPull, action: string) => job('pr', 'pull_request', github.pullEvent(pull, action));
  const homes = async (): Promise<readonly string[]> => {
    const lists = lab.hosts.map(async (host) =>
      (await host.exec(['sh', '-c', 'ls /var/lib/sealer'])).stdout.split('\n'),
    );
    return (await Promise.all(lists)).flat().filter((name) => name.startsWith('pr-'));
  };
  const clusterOf = ({ number }: LabPull) => namePreview({ repository, pull: number, key: '' }).cluster;

  const [one, two] = [github.openPull(), github.openPull()];
  const first = await happen(one, 'opened');
  const second = await happen(two, 'opened');
  assert.notEqual(first.outputs.url, second.outputs.url, 'a host each');
  const { stdout } = await promisify(execFile)('curl', ['-sS', '--max-time', '20', second.outputs.url ?? '']);
  assert.match(stdout, /^shop v1\.20\.2 on /);
  assert.deepEqual((await homes()).toSorted(), [clusterOf(one), clusterOf(two)].toSorted());

  github.push(one);
  const pushed = await happen(one, 'synchronize');
  assert.equal(pushed.outputs.url, first.outputs.url, 'the same host');
  assert.equal(pushed.outputs['comment-id'], first.outputs['comment-id'], 'the same comment');

  two.state = 'closed';
  await job('sweep', 'schedule', {});
  assert.deepEqual(await homes(), [clusterOf(one)]);
  assert.deepEqual(
    github.state.comments.map(({ issue }) => issue),
    [one.number],
  );
  assert.deepEqual(github.state.deployments.map(stateOf), ['success']);

  const three = github.openPull();
  const third = await happen(three, 'opened');
  assert.equal(third.outputs.url, second.outputs.url, 'the host that came free');
  for (const pull of [one, three]) {
    pull.state = 'closed';
    await happen(pull, 'closed');
  }
  assert.deepEqual(await homes(), []);
  assert.deepEqual([github.state.comments, github.state.deployments, github.mistakes], [[], [], []]);
  for (const host of lab.hosts) {
    const { stdout: left } = await host.exec(['sh', '-c', 'ls /var/lib/sealer/.pool']);
    assert.equal(left.trim(), 'lock', 'nobody has it');
  }
});

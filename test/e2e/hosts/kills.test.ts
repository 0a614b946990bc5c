/**
 * Runs that are ended, and runs that meet. SEALER_TEST_KILLS says at how many moments runs are ended (default: 2), and
 * SEALER_TEST_SEED repeats them; `npm run soak` has many.
 */

import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { copyOfBaseImages, LAB_IMAGES, needsBaseImages } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { drawInterruption, finish, interrupted, interruptedRun, randomBy } from './interruptions.ts';
import { labCluster } from './lab-cluster.ts';

const KILLS = Number(process.env.SEALER_TEST_KILLS ?? 2);
const SEED = Number(process.env.SEALER_TEST_SEED ?? Date.now() % 1e6);

/** A launch that lasts until the file is there: as long as a test needs the lock to be held. */
const GATE = '/run/gate';
const LASTING = ['--cmd', `until [ -e ${GATE} ]; do sleep 0.1; done`];
const LAUNCHES = /^=> Launch/m;

test('runs that are ended, and runs that meet', { skip: unlessLong(needsBaseImages()) }, async (t) => {
  await using on = await labCluster({ count: 2, prefix: 'kills' }, copyOfBaseImages);
  const [master = '', node = ''] = on.addresses;
  const args = [LAB_IMAGES['v1.20.2'].shop, '--masters', master, '--nodes', node];

  await t.test('Ctrl-C while a cluster is being made ends the run, and says how to go on', async () => {
    await using run = on.start('run', ...args);
    await run.says(/^=> Make .* a cluster/m);
    run.kill('SIGINT');
    interrupted(await run.ended);
  });

  await t.test(`after kill -9 at ${KILLS} moments (seed ${SEED}) a rerun finishes`, async () => {
    const random = randomBy(SEED);
    for (let kills = 0; kills < KILLS; ) {
      const moment = await drawInterruption(on, args, random);
      const step = moment === undefined ? undefined : await interruptedRun(on, args, moment);
      t.diagnostic(`${JSON.stringify(moment)}: ${step === undefined ? 'got through' : `killed in ${step}`}`);
      if (step !== undefined) kills++;
      else if (kills < KILLS) await on.json<unknown>('delete', '--cluster-host', master, '--all', '--yes');
    }
    await finish(on, args);
  });

  await t.test('of two runs at once the second names the first; it may wait, and finds nothing to do', async () => {
    await using first = on.start('run', ...args, ...LASTING);
    await first.says(LAUNCHES);
    const second = await on.sealer('run', ...args, ...LASTING, '--skip-checks');
    assert.equal(second.code, 1, second.stderr);
    assert.match(second.stderr, new RegExp(`error\\[CLUSTER_LOCKED\\]: \\S+@${hostname()} .*\\(sealer run; seen on `));
    assert.match(second.stderr, /hint: .*--lock-timeout.*--force-unlock/);
    await using waiting = on.start('run', ...args, ...LASTING, '--skip-checks', '--lock-timeout', '5m', '--json');
    await waiting.says(/waiting for it/);
    await on.host(0).exec(['touch', GATE]);
    const [ended, waited] = await Promise.all([first.ended, waiting.ended]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(waited.code, 0, waited.stderr);
    assert.deepEqual((JSON.parse(waited.stdout) as { steps: unknown }).steps, []);
    await on.host(0).exec(['rm', GATE]);
  });

  await t.test('a run that hangs is ended by --force-unlock', async () => {
    const other = ['--cmd', 'true'];
    await using hung = on.start('run', ...args, '--cmd', `true; ${LASTING[1]}`);
    await hung.says(LAUNCHES);
    hung.kill('SIGSTOP');
    const refused = await on.sealer('run', ...args, ...other, '--skip-checks');
    assert.match(refused.stderr, /CLUSTER_LOCKED/);
    const forced = await on.sealer('run', ...args, ...other, '--skip-checks', '--force-unlock');
    assert.equal(forced.code, 0, forced.stderr);
    hung.kill('SIGCONT');
    const { code, stderr } = await hung.ended;
    assert.equal(code, 3, stderr);
    assert.match(stderr, /The lock of the cluster on .* was lost/);
  });

  await t.test('after all that the cluster is ready', () => finish(on, args));
});

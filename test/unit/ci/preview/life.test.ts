/** The life of previews: after each event, comments, deployments, hosts and leases are as they should be. */

import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { namePreview } from '../../../../src/ci/preview/index.ts';
import { SealerError } from '../../../../src/error.ts';
import type { Fault } from '../../../lab/github/index.ts';
import { beginLife, HOUR, Killed, type Life, NOTHING, TTL } from './life.ts';

async function open(t: TestContext, options?: { readonly hosts?: number }): Promise<Life> {
  const life = await beginLife(options);
  t.after(async () => {
    assert.deepEqual(life.lab.mistakes, []);
    await life[Symbol.asyncDispose]();
  });
  return life;
}

const ANY = { match: /./ };
const cluster = (pull: number) => namePreview({ repository: 'acme/shop', pull, key: '' }).cluster;

/** What there is of a pull request's preview that is up. @param commit without its zeros */
function ready(pull: number, commit: string, host: string) {
  return {
    comments: [`#${pull} ready`],
    deployments: [`preview-pr-${pull} success ${commit}`],
    leases: [`${host} #${pull}`],
    clusters: [`${host} ${cluster(pull)}`],
  };
}

suite('the life of a preview', { concurrency: true }, () => {
  test('opened, two pushes, close lost, sweep: each leaves what it should and nothing else', async (t) => {
    const life = await open(t);
    const pull = life.lab.openPull();
    const opened = await life.event(pull, 'opened');
    assert.deepEqual(await life.look(), ready(1, '1', '10.0.0.1'));
    assert.ok(typeof opened === 'object');
    assert.equal(opened.url, 'http://10.0.0.1:30080');
    assert.equal(opened.expires, life.now + TTL);
    const [status] = life.lab.state.deployments[0]?.statuses.slice(-1) ?? [];
    assert.equal(status?.environment_url, 'http://10.0.0.1:30080');
    assert.match(status?.log_url ?? '', /runs\/42/);
    for (const commit of ['2', '3']) {
      life.now += HOUR;
      life.lab.push(pull);
      const pushed = await life.event(pull, 'synchronize');
      assert.deepEqual(await life.look(), ready(1, commit, '10.0.0.1'), 'the same host, the same comment');
      assert.ok(typeof pushed === 'object' && typeof opened === 'object');
      assert.equal(pushed.commentId, opened.commentId);
    }
    assert.deepEqual((await life.sweep()).done, [], 'what is alive stays');
    pull.state = 'closed';
    const swept = await life.sweep();
    assert.equal(swept.done.length, 2, swept.done.join('\n'));
    assert.deepEqual(await life.look(), NOTHING);
    assert.deepEqual([...life.lab.state.environments], ['preview'], 'one environment, whatever happens');
    assert.deepEqual((await life.sweep()).done, []);
  });

  test('closed: nothing is left, and closing once more is fine', async (t) => {
    const life = await open(t);
    const pull = life.lab.openPull();
    await life.event(pull, 'opened');
    pull.state = 'closed';
    for (let i = 0; i < 2; i++) {
      await life.event(pull, 'closed');
      assert.deepEqual(await life.look(), NOTHING);
    }
    assert.equal(await life.event(pull, 'synchronize'), 'the pull request is closed', 'an old run is run again');
    assert.deepEqual(await life.look(), NOTHING);
    pull.state = 'open';
    await life.event(pull, 'reopened');
    assert.deepEqual(await life.look(), ready(1, '1', '10.0.0.1'));
  });

  test('run again without a change edits nothing', async (t) => {
    const life = await open(t);
    const pull = life.lab.openPull();
    await life.event(pull, 'opened');
    const before = life.lab.requests.length;
    await life.event(pull, 'opened');
    assert.deepEqual(await life.look(), ready(1, '1', '10.0.0.1'));
    const edits = life.lab.requests
      .slice(before)
      .filter(({ method, path }) => method !== 'GET' && /comments/.test(path));
    assert.deepEqual(edits, []);
  });

  test('two pull requests never share a host, and do not touch each other', async (t) => {
    const life = await open(t);
    const [one, two, three] = [life.lab.openPull(), life.lab.openPull(), life.lab.openPull()];
    await Promise.all([life.event(one, 'opened'), life.event(two, 'opened')].map((each) => each.catch(() => {})));
    for (const pull of [one, two]) await life.event(pull, 'opened');
    const { leases, deployments } = await life.look();
    assert.equal(new Set(leases.map((lease) => lease.split(' ')[0])).size, 2);
    assert.deepEqual(deployments.map((each) => each.split(' ')[1]).sort(), ['success', 'success']);
    await assert.rejects(life.event(three, 'opened'), { code: 'POOL_EXHAUSTED' });
    assert.ok((await life.look()).comments.includes('#3 failed'), 'and its comment says why');
    one.state = 'closed';
    await life.event(one, 'closed');
    await life.event(three, 'opened');
    assert.deepEqual((await life.look()).leases.map((lease) => lease.split(' ')[1]).sort(), ['#2', '#3']);
  });

  test('whose time is over goes, and its comment says how it comes back', async (t) => {
    const life = await open(t);
    const pull = life.lab.openPull();
    await life.event(pull, 'opened');
    life.now += TTL + 1;
    await life.sweep();
    assert.deepEqual(await life.look(), { ...NOTHING, comments: ['#1 expired'] });
    await life.event(pull, 'opened');
    assert.deepEqual(await life.look(), ready(1, '1', '10.0.0.1'));
  });

  test('that fails says why, keeps its host, and goes on when it is run again', async (t) => {
    const life = await open(t);
    const pull = life.lab.openPull();
    life.failure = new SealerError('SMOKE_TEST_FAILED', 'curl <b>@you</b> said 500', { hint: 'Look.' });
    await assert.rejects(life.event(pull, 'opened'), { code: 'SMOKE_TEST_FAILED' });
    const { comments, deployments, leases } = await life.look();
    assert.deepEqual(
      { comments, deployments, leases },
      {
        comments: ['#1 failed'],
        deployments: ['preview-pr-1 failure 1'],
        leases: ['10.0.0.1 #1'],
      },
    );
    const { body = '' } = life.lab.state.comments[0] ?? {};
    assert.match(body, /SMOKE_TEST_FAILED/);
    assert.doesNotMatch(body, /<b>@you/, 'what a command said becomes neither a tag nor a mention');
    life.failure = undefined;
    await life.event(pull, 'opened');
    assert.deepEqual(await life.look(), ready(1, '1', '10.0.0.1'));
  });

  test('of a fork is on the runner: GitHub and the pool hear nothing of it', async (t) => {
    const life = await open(t);
    const pull = life.lab.openPull({ fork: 'mallory/shop' });
    const made = await life.event(pull, 'opened');
    assert.ok(typeof made === 'object');
    assert.match(made.text, /the end of its job/);
    assert.equal(made.commentId, undefined);
    assert.deepEqual(await life.look(), NOTHING);
    pull.state = 'closed';
    await life.event(pull, 'closed');
    assert.ok(life.lab.requests.every(({ method, path }) => method === 'GET' || path === '/graphql'));
  });

  test('whose host does not answer is not forgotten', async (t) => {
    const life = await open(t, { hosts: 1 });
    const pull = life.lab.openPull();
    await life.event(pull, 'opened');
    const [host] = life.hosts;
    assert.ok(host !== undefined);
    host.isUp = false;
    pull.state = 'closed';
    await assert.rejects(life.event(pull, 'closed'), { code: 'HOST_UNREACHABLE' });
    assert.deepEqual((await life.look()).deployments, []);
    host.isUp = true;
    assert.deepEqual((await life.look()).leases, ['10.0.0.1 #1']);
    await life.sweep();
    assert.deepEqual(await life.look(), NOTHING);
  });

  test('of another repository keeps its hosts as long as its time runs', async (t) => {
    const life = await open(t);
    const pull = life.lab.openPull();
    await life.event(pull, 'opened');
    pull.state = 'closed';
    const other = await beginLife();
    t.after(() => other[Symbol.asyncDispose]());
    Object.assign(other.lab.state, { repository: 'acme/other' });
    Object.assign(other.hosts, life.hosts);
    other.now = life.now;
    await other.sweep();
    assert.deepEqual((await life.look()).leases, ['10.0.0.1 #1']);
    other.now += TTL + 1;
    await other.sweep();
    assert.deepEqual((await life.look()).leases, []);
  });
});

suite('a preview whose GitHub has a bad day', { concurrency: true }, () => {
  const FAULTS: Readonly<Record<string, Fault>> = {
    '403 with Retry-After': { ...ANY, kind: 'status', status: 403, headers: { 'retry-after': '1' }, message: 'Later' },
    'secondary limit': { ...ANY, kind: 'secondary-limit', retryAfterSeconds: 1 },
    '429': { ...ANY, kind: 'secondary-limit', status: 429, retryAfterSeconds: 1 },
    '502 before': { ...ANY, kind: 'status', status: 502 },
    '502 after it was done': { ...ANY, kind: 'status', status: 502, isDone: true },
    'a cut connection': { ...ANY, kind: 'cut', isDone: true },
  };
  const KINDS = [/GET /, /POST .*deployments$/, /POST .*statuses/, /POST .*comments/, /PATCH /, /DELETE /];
  for (const [name, fault] of Object.entries(FAULTS)) {
    test(`lives the same life: ${name} at every kind of request`, async (t) => {
      const life = await open(t);
      const pull = life.lab.openPull();
      const fail = () => {
        for (const match of KINDS) life.lab.fail({ ...fault, match });
      };
      fail();
      await life.event(pull, 'opened');
      assert.deepEqual(await life.look(), ready(1, '1', '10.0.0.1'));
      fail();
      life.now += HOUR;
      life.lab.push(pull);
      await life.event(pull, 'synchronize');
      assert.deepEqual(await life.look(), ready(1, '2', '10.0.0.1'));
      pull.state = 'closed';
      fail();
      await life.sweep();
      assert.deepEqual(await life.look(), NOTHING);
      const left = life.lab.faultsLeft().map(({ match }) => match);
      const isMet = (kind: RegExp) => left.filter((each) => each === kind).length < 3;
      assert.deepEqual(KINDS.filter(isMet), KINDS, 'there was a request of each kind to fail');
    });
  }
});

suite('a preview that is killed', { concurrency: true }, () => {
  /** Runs with a kill before step number `at`; false when there are not so many steps. */
  async function killedAt(life: Life, at: number, work: () => Promise<unknown>): Promise<boolean> {
    let steps = 0;
    let isDead = false;
    life.onStep = () => {
      steps += 1;
      if (steps >= at) isDead = true;
      // Nothing is done after a kill, whatever is still tried.
      if (isDead) throw new Killed();
    };
    try {
      await work();
    } catch (error) {
      if (!isDead) throw error;
    }
    life.onStep = undefined;
    return isDead;
  }

  test('before any step of making it is made by the next run', async (t) => {
    for (let at = 1; ; at++) {
      const life = await open(t);
      const pull = life.lab.openPull();
      const isKilled = await killedAt(life, at, () => life.event(pull, 'opened'));
      await life.event(pull, 'opened');
      assert.deepEqual(await life.look(), ready(1, '1', '10.0.0.1'), `step ${at}`);
      if (!isKilled) return assert.ok(at > 7, `${at} steps`);
    }
  });

  test('before any step of a push, and closed without a word, is swept without a trace', async (t) => {
    for (let at = 1; ; at++) {
      const life = await open(t);
      const pull = life.lab.openPull();
      await life.event(pull, 'opened');
      life.lab.push(pull);
      life.now += HOUR;
      const isKilled = await killedAt(life, at, () => life.event(pull, 'synchronize'));
      pull.state = 'closed';
      await life.sweep();
      assert.deepEqual(await life.look(), NOTHING, `step ${at}`);
      if (!isKilled) return assert.ok(at > 7, `${at} steps`);
    }
  });

  test('before any step of closing, or of the sweep after that, is gone after the next sweeps', async (t) => {
    for (let at = 1; ; at++) {
      const life = await open(t);
      const pull = life.lab.openPull();
      await life.event(pull, 'opened');
      pull.state = 'closed';
      const isKilled = await killedAt(life, at, () => life.event(pull, 'closed'));
      await killedAt(life, at, () => life.sweep());
      // Whoever was killed while he took a host back holds it for half an hour at most.
      life.now += HOUR;
      await life.sweep();
      assert.deepEqual(await life.look(), NOTHING, `step ${at}`);
      if (!isKilled) return assert.ok(at > 6, `${at} steps`);
    }
  });
});

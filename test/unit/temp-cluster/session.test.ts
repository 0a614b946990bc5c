/** That nothing is left in the engine, whoever dies first. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { EngineClient } from '../../../src/container-engine/client.ts';
import { OWNER_LABEL, SESSION_LABEL, sessionLabels } from '../../../src/temp-cluster/session/labels.ts';
import { removeLabelled } from '../../../src/temp-cluster/session/remove.ts';
import { sweepSessions } from '../../../src/temp-cluster/session/sweep.ts';
import { startWatchdog } from '../../../src/temp-cluster/session/watchdog.ts';
import { type FakeAnswers, type FakeEngine, startFakeEngine, until } from './fake-engine.ts';

const MINE = { [SESSION_LABEL]: 'mine' };
const OTHERS = { [SESSION_LABEL]: 'others' };

async function engineOf(t: TestContext, answers: FakeAnswers = {}): Promise<FakeEngine> {
  const engine = await startFakeEngine(answers);
  t.after(() => engine[Symbol.asyncDispose]());
  return engine;
}

function addAll(engine: FakeEngine, labels: Readonly<Record<string, string>>, suffix = ''): void {
  for (const kind of ['containers', 'volumes', 'networks'] as const) engine.add(kind, `${kind}${suffix}`, labels);
}

describe('removing a session', () => {
  test('takes its containers, volumes and networks, and nobody else’s', async (t) => {
    const engine = await engineOf(t);
    addAll(engine, MINE);
    addAll(engine, OTHERS, '-others');
    const client = new EngineClient({ socketPath: engine.socket });
    assert.deepEqual(await removeLabelled(client, `${SESSION_LABEL}=mine`, { timeoutMs: 5000 }), []);
    assert.deepEqual(
      [...engine.kept].map(({ id }) => id),
      ['containers-others', 'volumes-others', 'networks-others'],
    );
    const deletions = engine.calls.filter((call) => call.startsWith('DELETE'));
    assert.equal(deletions[0], 'DELETE /containers/containers');
  });

  test('goes on while the engine refuses', async (t) => {
    let refusals = 3;
    const engine = await engineOf(t, { refuses: (id) => id === 'networks' && refusals-- > 0 });
    addAll(engine, MINE);
    const client = new EngineClient({ socketPath: engine.socket });
    assert.deepEqual(await removeLabelled(client, `${SESSION_LABEL}=mine`, { timeoutMs: 5000 }), []);
    assert.equal(engine.kept.size, 0);
  });

  test('says what is left when time is up', async (t) => {
    const engine = await engineOf(t, { refuses: (id) => id === 'networks' });
    addAll(engine, MINE);
    const client = new EngineClient({ socketPath: engine.socket });
    const left = await removeLabelled(client, `${SESSION_LABEL}=mine`, { timeoutMs: 300 });
    assert.deepEqual(
      left?.map(({ kind, id }) => `${kind} ${id}`),
      ['network networks'],
    );
  });
});

test('an engine that is gone is not taken for an empty one, and not waited for longer than told', async () => {
  const client = new EngineClient({ socketPath: '/nowhere.sock' });
  const options = { timeoutMs: 60_000, silenceMs: 200 };
  assert.equal(await removeLabelled(client, `${SESSION_LABEL}=mine`, options), undefined);
});

describe('a sweep', () => {
  test('removes sessions of processes that are gone, and of before the last restart, and no others', async (t) => {
    const engine = await engineOf(t);
    const own = sessionLabels('living');
    const boot = own[OWNER_LABEL]?.split('.')[1];
    const [pid, start, namespace] = own[OWNER_LABEL]?.split('.')[0]?.split('-') ?? [];
    addAll(engine, own, '-living');
    addAll(engine, { [SESSION_LABEL]: 'reused', [OWNER_LABEL]: `${pid}-${Number(start) + 1}-${namespace}.${boot}` });
    addAll(engine, { [SESSION_LABEL]: 'rebooted', [OWNER_LABEL]: `${pid}-${start}-${namespace}.other` }, '-rebooted');
    const client = new EngineClient({ socketPath: engine.socket });
    assert.deepEqual((await sweepSessions(client)).toSorted(), ['rebooted', 'reused']);
    assert.deepEqual(
      [...engine.kept].map(({ id }) => id),
      ['containers-living', 'volumes-living', 'networks-living'],
    );
  });
});

describe('the watchdog', () => {
  /** A process of its own that starts a watchdog for the session `mine`, says so, and lives on. */
  async function parentOf(t: TestContext, engine: FakeEngine, body = ''): Promise<ChildProcess> {
    const file = join(import.meta.dirname, '../../../src/temp-cluster/session/watchdog.ts');
    const script = `
      const { startWatchdog } = await import(${JSON.stringify(file)});
      const dog = await startWatchdog({ socketPath: ${JSON.stringify(engine.socket)} }, '${SESSION_LABEL}=mine');
      ${body}
      console.log('up');
      setInterval(() => {}, 1000);`;
    const env = { ...process.env, RUNNER_TRACKING_ID: 'github_x', A_SECRET: 'hush' };
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
      detached: true,
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`removes everything when its process ends by ${signal}`, async (t) => {
      const engine = await engineOf(t);
      const child = await parentOf(t, engine);
      addAll(engine, MINE);
      addAll(engine, OTHERS, '-others');
      child.kill(signal);
      await until(() => engine.kept.size === 3);
    });
  }

  test('survives what ends the whole group, as Ctrl-C does', async (t) => {
    const engine = await engineOf(t);
    const child = await parentOf(t, engine);
    addAll(engine, MINE);
    process.kill(-(child.pid ?? 0), 'SIGINT');
    await until(() => engine.kept.size === 0);
  });

  test('waits for a creation that was on its way, and removes what comes of it', async (t) => {
    const engine = await engineOf(t);
    const child = await parentOf(t, engine, 'void dog.during(() => new Promise(() => {}));');
    child.kill('SIGKILL');
    await once(child, 'exit');
    // It has looked more than once and found nothing.
    await until(() => engine.calls.filter((call) => call === 'GET /containers/json').length > 4);
    addAll(engine, MINE);
    await until(() => engine.kept.size === 0);
  });

  test('has nothing of ours in its arguments and environment', async (t) => {
    const engine = await engineOf(t);
    const child = await parentOf(t, engine);
    const { readFileSync } = await import('node:fs');
    const pids = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    assert.equal(pids.length, 1);
    assert.equal(readFileSync(`/proc/${pids[0]}/environ`, 'utf8'), '');
    assert.match(readFileSync(`/proc/${pids[0]}/cmdline`, 'utf8'), /^[^\0]*node\0[^\0]*watchdog-process\.ts\0$/);
    child.kill('SIGKILL');
  });

  test('goes when it is let go, and touches nothing', async (t) => {
    const engine = await engineOf(t);
    const dog = await startWatchdog({ socketPath: engine.socket }, `${SESSION_LABEL}=mine`);
    assert.equal(await dog.during(async () => 7), 7);
    addAll(engine, MINE);
    dog.release();
    await dog[Symbol.asyncDispose]();
    assert.equal(engine.kept.size, 3);
    assert.deepEqual(engine.calls, []);
  });
});

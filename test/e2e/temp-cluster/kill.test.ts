/** That nothing is left in the engine when a process is killed while its cluster starts, runs or stops. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LabEngine, labEngine, whatEngineLacks } from '../../lab/engine.ts';
import { folderOf } from '../../lab/scratch.ts';
import { killTracked } from '../../lab/workflow/orphans.ts';
import { untilContainer, untilNothingIsLeft } from './left.ts';
import { standInImage, whatStandInLacks } from './stand-in.ts';

const skip = whatEngineLacks() ?? whatStandInLacks() ?? false;
/** Random moments per kind of end. */
const ROUNDS = Number(process.env.SEALER_TEST_KILLS ?? 3);
/** How long a start takes here until the node runs, with room; kills fall into this. */
const START_MS = 2500;

describe('a process that is killed leaves nothing in the engine', { skip, timeout: 600_000 }, () => {
  const resources = new AsyncDisposableStack();
  let engine: LabEngine;
  let image: string;

  before(async () => {
    const started = resources.use(await labEngine());
    assert.ok(started.skip === false, String(started.skip));
    engine = started;
    image = await standInImage(engine, 'stays');
  });
  after(() => resources.disposeAsync());

  /** A process in a group of its own that starts a cluster. */
  async function start(
    t: TestContext,
    tracking = '',
  ): Promise<{ child: ChildProcess; pid: number; exit: Promise<unknown> }> {
    const scratch = await folderOf(t, 'kill');
    const child = spawn(process.execPath, [join(import.meta.dirname, 'starter.ts'), image, scratch], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, HOME: scratch, ...engine.env, RUNNER_TRACKING_ID: tracking },
      detached: true,
    });
    t.after(() => child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    assert.ok(child.pid !== undefined);
    return { child, pid: child.pid, exit };
  }

  for (let round = 1; round <= ROUNDS; round++) {
    test(`by kill -9 while it starts (${round})`, async (t) => {
      const { child, pid, exit } = await start(t);
      const moment = Math.random() * START_MS;
      t.diagnostic(`after ${Math.round(moment)} ms`);
      await sleep(moment);
      child.kill('SIGKILL');
      await exit;
      // What was on its way when it was killed may appear only now.
      await sleep(1000);
      await untilNothingIsLeft(engine, pid);
    });

    test(`by kill -9 while it stops (${round})`, async (t) => {
      const { child, pid, exit } = await start(t);
      await untilContainer(engine, pid);
      child.kill('SIGINT');
      const moment = Math.random() * 500;
      t.diagnostic(`after ${Math.round(moment)} ms`);
      await sleep(moment);
      child.kill('SIGKILL');
      await exit;
      await untilNothingIsLeft(engine, pid);
    });

    test(`by Ctrl-C to its whole group while it starts (${round})`, async (t) => {
      const { pid, exit } = await start(t);
      const moment = Math.random() * START_MS;
      t.diagnostic(`after ${Math.round(moment)} ms`);
      await sleep(moment);
      process.kill(-pid, 'SIGINT');
      await exit;
      // The good way out: it has removed everything itself before it ends.
      await untilNothingIsLeft(engine, pid, 0);
    });
  }

  test('by kill -9 while it runs', async (t) => {
    const { child, pid, exit } = await start(t);
    await untilContainer(engine, pid);
    child.kill('SIGKILL');
    await exit;
    await untilNothingIsLeft(engine, pid);
  });

  test('by Ctrl-C twice, the second of which does not wait', async (t) => {
    const { pid, exit } = await start(t);
    await untilContainer(engine, pid);
    process.kill(-pid, 'SIGINT');
    process.kill(-pid, 'SIGTERM');
    await exit;
    await untilNothingIsLeft(engine, pid);
  });

  test('with all processes that have its tracking id, as GitHub’s runner kills orphans', async (t) => {
    const tracking = `github_${randomUUID()}`;
    const { pid, exit } = await start(t, tracking);
    await untilContainer(engine, pid);
    killTracked(tracking);
    await exit;
    await untilNothingIsLeft(engine, pid);
  });
});

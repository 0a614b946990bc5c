import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { forEachHost } from '../../../src/hosts/index.ts';

const hosts = Array.from({ length: 10 }, (_, index) => ({ label: `10.0.0.${index}` }));

describe('work on all hosts', () => {
  it('gives results in the order of the hosts, and keeps to its limit', async () => {
    let running = 0;
    let most = 0;
    const results = await forEachHost(
      hosts,
      async ({ label }, index) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 10 - index));
        running--;
        return label;
      },
      { limit: 3 },
    );
    assert.deepEqual(
      results,
      hosts.map(({ label }) => label),
    );
    assert.equal(most, 3);
  });

  it('finishes all hosts and lists every one that failed, with their common code', async () => {
    const done: string[] = [];
    await assert.rejects(
      forEachHost(hosts, async ({ label }, index) => {
        if (index % 4 === 1) throw new SealerError('HOST_UNREACHABLE', `${label} is away`, { hint: 'Start it.' });
        done.push(label);
      }),
      (error) => {
        assert.ok(error instanceof SealerError);
        assert.equal(error.code, 'HOST_UNREACHABLE');
        assert.match(error.message, /^3 of 10 hosts failed: 10\.0\.0\.1, 10\.0\.0\.5, 10\.0\.0\.9$/);
        assert.deepEqual(
          error.problems.map(({ message }) => message),
          [1, 5, 9].map((n) => `10.0.0.${n} is away`),
        );
        return true;
      },
    );
    assert.equal(done.length, 7);
  });

  it('a single failure is told as it is, different ones as a failed step, a bug as a bug', async () => {
    const one = new SealerError('SUDO_FAILED', 'x');
    const fail = (errors: Record<number, unknown>) =>
      forEachHost(hosts, async (_, index) => {
        if (index in errors) throw errors[index];
      });
    await assert.rejects(fail({ 2: one }), one);
    await assert.rejects(fail({ 2: one, 3: new SealerError('HOST_UNREACHABLE', 'y') }), { code: 'STEP_FAILED' });
    await assert.rejects(fail({ 2: one, 3: new TypeError('bug') }), TypeError);
  });

  it('begins nothing more after an abort, and ends with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    let begun = 0;
    const work = async (): Promise<void> => {
      begun++;
      controller.abort(reason);
    };
    await assert.rejects(forEachHost(hosts, work, { limit: 2, signal: controller.signal }), reason);
    assert.ok(begun <= 2);
  });
});

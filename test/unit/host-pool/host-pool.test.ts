/** Hosts shared by lease: never two previews on one, whatever breaks in the middle. */

import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import {
  groupLeases,
  type LeaseHolder,
  parsePool,
  readLeases,
  type TakeOptions,
  takeBack,
  takeHosts,
} from '../../../src/host-pool/index.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { folderOf } from '../../lab/scratch.ts';
import { DATA_ROOT, type PoolFolder, poolFolder } from './pool-hosts.ts';

const HOUR = 3_600_000;

interface Pool {
  readonly hosts: readonly PoolFolder[];
  now: number;
  /** What was deleted: `cluster on address`. */
  readonly deleted: string[];
  options(pull: number, rest?: Partial<TakeOptions>): TakeOptions;
  /** `address: pull` of every lease. */
  leases(): Promise<readonly string[]>;
}

async function poolOf(t: TestContext, count: number): Promise<Pool> {
  const folder = await folderOf(t, 'pool');
  const hosts = Array.from({ length: count }, (_, i) => poolFolder(folder, `10.0.0.${i + 1}`));
  const pool: Pool = {
    hosts,
    now: Date.parse('2026-01-01T00:00:00Z'),
    deleted: [],
    options: (pull, rest = {}) => ({
      ...{ dataRoot: DATA_ROOT, now: () => pool.now, by: 'test', holder: holderOf(pull), count: 1, ttlMs: HOUR },
      ...{ waitMs: 0, report: () => {}, retryMs: 1 },
      deleteCluster: async (cluster: string, where: readonly Host[]) => {
        for (const { address } of where) pool.deleted.push(`${cluster} on ${address}`);
      },
      ...rest,
    }),
    leases: async () => {
      const { leases } = await readLeases(hosts, DATA_ROOT);
      return leases.flatMap(({ host, lease }) => (lease === undefined ? [] : [`${host.address}: ${lease.pull}`]));
    },
  };
  return pool;
}

function holderOf(pull: number): LeaseHolder {
  return { id: `acme/shop#${pull}`, repository: 'acme/shop', pull, cluster: `pr-${pull}` };
}

const addresses = ({ hosts }: { readonly hosts: readonly Host[] }) => hosts.map(({ address }) => address);

suite('hosts of a pool', () => {
  test('are never given to two, and who comes again gets the same', async (t) => {
    const pool = await poolOf(t, 3);
    const one = await takeHosts(pool.hosts, pool.options(1));
    const two = await takeHosts(pool.hosts, pool.options(2, { count: 2 }));
    assert.deepEqual([addresses(one), addresses(two)], [['10.0.0.1'], ['10.0.0.2', '10.0.0.3']]);
    pool.now += HOUR / 2;
    const again = await takeHosts(pool.hosts, pool.options(2, { count: 2 }));
    assert.deepEqual(addresses(again), addresses(two));
    assert.equal(again.expires, two.expires + HOUR / 2, 'a push makes it last longer');
    assert.deepEqual(pool.deleted, []);
  });

  test('are told with who has them until when, if none is free', async (t) => {
    const pool = await poolOf(t, 1);
    await takeHosts(pool.hosts, pool.options(1));
    await assert.rejects(takeHosts(pool.hosts, pool.options(2)), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'POOL_EXHAUSTED');
      assert.equal(error.problems[0]?.message, '10.0.0.1: acme/shop#1 until 2026-01-01T01:00:00.000Z');
      return true;
    });
    await assert.rejects(takeHosts(pool.hosts, pool.options(2, { count: 2 })), { code: 'POOL_EXHAUSTED' });
  });

  test('whose time is over are given on only after the cluster on them is deleted', async (t) => {
    const pool = await poolOf(t, 2);
    await takeHosts(pool.hosts, pool.options(1, { count: 2 }));
    pool.now += HOUR + 1;
    const taken = await takeHosts(pool.hosts, pool.options(2));
    assert.deepEqual(pool.deleted, ['pr-1 on 10.0.0.1', 'pr-1 on 10.0.0.2']);
    assert.deepEqual([addresses(taken), await pool.leases()], [['10.0.0.1'], ['10.0.0.1: 2']]);
  });

  test('stay leased when their cluster cannot be deleted', async (t) => {
    const pool = await poolOf(t, 1);
    await takeHosts(pool.hosts, pool.options(1));
    pool.now += HOUR + 1;
    const deleteCluster = () => Promise.reject(new SealerError('STEP_FAILED', 'no'));
    await assert.rejects(takeHosts(pool.hosts, pool.options(2, { deleteCluster })), { code: 'POOL_EXHAUSTED' });
    assert.deepEqual(await pool.leases(), ['10.0.0.1: 1']);
    await assert.rejects(takeHosts(pool.hosts, pool.options(2)), { code: 'POOL_EXHAUSTED' }, 'being taken back');
    pool.now += HOUR;
    assert.deepEqual(addresses(await takeHosts(pool.hosts, pool.options(2))), ['10.0.0.1']);
  });

  test('that do not answer are not taken, and keep the rest of their preview from being given on', async (t) => {
    const pool = await poolOf(t, 3);
    const [first] = pool.hosts;
    await takeHosts(pool.hosts, pool.options(1, { count: 2 }));
    if (first !== undefined) first.isUp = false;
    pool.now += HOUR + 1;
    assert.deepEqual(addresses(await takeHosts(pool.hosts, pool.options(2))), ['10.0.0.3']);
    await assert.rejects(takeHosts(pool.hosts, pool.options(3)), { code: 'POOL_EXHAUSTED' });
    assert.deepEqual(pool.deleted, []);
  });

  test('keep their roles when one of them is replaced', async (t) => {
    const pool = await poolOf(t, 3);
    await takeHosts(pool.hosts, pool.options(1, { count: 2 }));
    const [first] = pool.hosts;
    if (first !== undefined) first.isUp = false;
    const taken = await takeHosts(pool.hosts, pool.options(1, { count: 2 }));
    assert.deepEqual(addresses(taken), ['10.0.0.3', '10.0.0.2'], 'the new one is the master, as the lost one was');
  });

  test('are given back before a preview that wants fewer of them starts anew', async (t) => {
    const pool = await poolOf(t, 2);
    await takeHosts(pool.hosts, pool.options(1, { count: 2 }));
    await takeHosts(pool.hosts, pool.options(1));
    assert.deepEqual(pool.deleted, ['pr-1 on 10.0.0.1', 'pr-1 on 10.0.0.2']);
    assert.deepEqual(await pool.leases(), ['10.0.0.1: 1']);
  });

  test('are shared out fairly among many that come at once', { timeout: 60_000 }, async (t) => {
    const pool = await poolOf(t, 4);
    const pulls = [1, 2, 3, 4, 5, 6];
    const takes = pulls.map((pull) =>
      takeHosts(pool.hosts, { ...pool.options(pull, { count: 2, waitMs: 1 }), signal: t.signal }),
    );
    // Who waits does so until all hosts are somebody's: then the time is over, however long that took.
    let left = pool.hosts.length;
    const count = ({ hosts }: { readonly hosts: readonly Host[] }) => {
      left -= hosts.length;
      if (left <= 0) pool.now += 1;
    };
    for (const take of takes) take.then(count, () => {});
    const ends = await Promise.allSettled(takes);
    const taken = ends.flatMap((end) => (end.status === 'fulfilled' ? addresses(end.value) : []));
    assert.equal(new Set(taken).size, taken.length, `no host twice: ${taken.join(' ')}`);
    assert.equal(taken.length, 4);
    assert.equal((await pool.leases()).length, 4, 'who got none holds none');
  });

  test('after a kill between any two steps of taking come back by time alone', async (t) => {
    for (let step = 1; step <= 2; step++) {
      const pool = await poolOf(t, 2);
      let left = step;
      for (const host of pool.hosts) {
        host.onSwap = () => {
          left -= 1;
          if (left === 0) throw new Error('killed');
        };
      }
      await assert.rejects(takeHosts(pool.hosts, pool.options(1, { count: 2 })), /killed/);
      for (const host of pool.hosts) host.onSwap = undefined;
      pool.now += HOUR + 1;
      assert.equal((await takeHosts(pool.hosts, pool.options(2, { count: 2 }))).hosts.length, 2, `step ${step}`);
    }
  });

  test('are not taken back from an owner who comes in the middle', async (t) => {
    const pool = await poolOf(t, 2);
    await takeHosts(pool.hosts, pool.options(1, { count: 2 }));
    const seen = await readLeases(pool.hosts, DATA_ROOT);
    const [group] = groupLeases(seen.leases);
    assert.ok(group !== undefined);
    pool.now += 1;
    // The owner renews the second while the first was marked already.
    const [, second] = pool.hosts;
    await takeHosts([second ?? assert.fail()], pool.options(1, { holder: holderOf(1) }));
    assert.equal(await takeBack(group, seen.lost, pool.options(9)), false);
    assert.deepEqual(pool.deleted, []);
    const [renewed] = groupLeases((await readLeases(pool.hosts, DATA_ROOT)).leases);
    assert.equal(renewed?.takenBackBy, undefined);
  });
});

suite('the file of a pool', () => {
  test('lists hosts with labels', () => {
    const text = '- 10.0.0.1\n- { address: "deploy@10.0.0.2:2222", labels: { size: 2 } }\n';
    assert.deepEqual(parsePool(text, 'pool.yaml'), [
      { address: '10.0.0.1', user: undefined, port: undefined, labels: {} },
      { address: '10.0.0.2', user: 'deploy', port: 2222, labels: { size: '2' } },
    ]);
  });

  for (const [text, problem] of [
    ['hosts: []', /no list/],
    ['- { adress: 10.0.0.1 }', /adress/],
    ['- 10.0.0.1-10.0.0.3', /range/],
    ['- 10.0.0.1\n- 10.0.0.1', /twice/],
    ['- { address: 10.0.0.1, labels: [a] }', /labels/],
    ['[', /cannot be used/],
  ] as const) {
    test(`with a mistake is refused: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parsePool(text, 'pool.yaml'),
        (error) =>
          error instanceof SealerError &&
          error.code === 'POOL_INVALID' &&
          problem.test([error.message, ...error.problems.map(({ message }) => message)].join('\n')),
      );
    });
  }
});

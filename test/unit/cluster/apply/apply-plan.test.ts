import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPlan } from '../../../../src/cluster/apply/apply-plan.ts';
import type { Run } from '../../../../src/cluster/apply/run.ts';
import { makePlan } from '../../../../src/cluster/plan/make-plan.ts';
import { fakeHost } from '../../runtime/services/fake-host.ts';
import { current, desired, member } from '../plan/situations.ts';

test('a run is not finished before the cluster itself remembers the Clusterfile', async () => {
  const wanted = desired({ masters: ['10.0.0.2'] });
  const there = current({ saved: wanted, hosts: { '10.0.0.2': member(wanted, '10.0.0.2', 'master') } });
  const states: { readonly unfinished?: string }[] = [];
  const write = async (_: string, text: unknown) => void states.push(JSON.parse(`${text}`));
  let isDown = true;
  const run = {
    ...{ desired: wanted, current: there, state: there.saved, home: '/h', signal: new AbortController().signal },
    world: { now: () => 0, by: 'me', command: 'apply' },
    fleet: { get: () => ({ ...fakeHost('systemd'), write }), whyUnreachable: () => undefined },
    runtime: {
      kubectl: async () => {
        if (isDown) throw new Error('the API is away');
      },
    },
    report: () => {},
  } as unknown as Run;
  const plan = makePlan(wanted, there);
  await assert.rejects(applyPlan(plan, run), /the API is away/);
  assert.equal(states.at(-1)?.unfinished, 'apply');
  isDown = false;
  await applyPlan(plan, run);
  assert.equal(states.at(-1)?.unfinished, undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean, deleteNodes } from '../../../../src/cluster/apply/removal.ts';
import type { Run } from '../../../../src/cluster/apply/run.ts';
import type { Step } from '../../../../src/cluster/plan/step.ts';
import { SealerError } from '../../../../src/error.ts';
import { fakeHost } from '../../runtime/services/fake-host.ts';
import { current, desired } from '../plan/situations.ts';

/** A cluster of a master and two nodes, one of which goes. */
function removal(unreachable: readonly string[] = []) {
  const states: { readonly nodes: readonly string[]; readonly leftovers?: readonly string[] }[] = [];
  const master = {
    ...fakeHost('systemd'),
    write: async (_: string, text: unknown) => void states.push(JSON.parse(`${text}`)),
  };
  const node = { ...fakeHost('systemd'), address: '10.0.0.9' };
  const { saved } = current({ saved: desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.8', '10.0.0.9'] }), hosts: {} });
  const notes: string[] = [];
  const run = {
    fleet: {
      limit: 1,
      get: (address: string) => (address === node.address ? node : master),
      whyUnreachable: (address: string) =>
        unreachable.includes(address) ? new SealerError('HOST_UNREACHABLE', address) : undefined,
    },
    ...{ home: '/h', state: saved, signal: new AbortController().signal },
    runtime: { deleteNodes: async () => {} },
    report: (event: { readonly message?: string; readonly hint?: string }) =>
      void notes.push(`${event.message} ${event.hint}`),
  } as unknown as Run;
  const step = { hosts: ['10.0.0.9'] } as unknown as Step;
  return { run, step, states, node, notes };
}

test('a host that left is remembered until it is as it was', async () => {
  const { run, step, states, node } = removal();
  await deleteNodes(step, run);
  assert.deepEqual([states.at(-1)?.nodes, states.at(-1)?.leftovers], [['10.0.0.8'], ['10.0.0.9']]);
  assert.deepEqual(node.commands, [], 'so far it is no member any more, and that is all');
  await clean(step, run);
  assert.ok(node.commands.length > 0);
  assert.equal(states.at(-1)?.leftovers, undefined);
});

test('a host that cannot be reached is told of once, with what to do', async () => {
  const { run, step, states, notes } = removal(['10.0.0.9']);
  await deleteNodes(step, run);
  await clean(step, run);
  assert.match(notes.join(), /10\.0\.0\.9 cannot be reached.*remove \/h/);
  assert.equal(states.at(-1)?.leftovers, undefined);
});

/** Steps that take members out of a cluster, and leave their hosts as they were before. */

import { inParallel } from '../../parallel.ts';
import type { Departing } from '../../runtime/runtime.ts';
import type { Step } from '../plan/step.ts';
import type { SavedState } from '../state/saved-state.ts';
import { cleanHost } from './clean-host.ts';
import { type Run, saveState } from './run.ts';

export async function deleteNodes(step: Step, run: Run): Promise<void> {
  await run.runtime.deleteNodes(departing(step, run));
  const nodes = run.state.nodes.filter((address) => !step.hosts.includes(address));
  await saveState(run, { nodes, ...owing(step, run) });
}

export async function deleteMaster(step: Step, run: Run): Promise<void> {
  await run.runtime.deleteMasters(departing(step, run));
  const masters = run.state.masters.filter((address) => !step.hosts.includes(address));
  await saveState(run, { masters, ...owing(step, run) });
}

/** From now on nobody but the state knows of these hosts. */
function owing({ hosts }: Step, { state }: Run): Pick<SavedState, 'leftovers'> {
  return { leftovers: [...new Set([...(state.leftovers ?? []), ...hosts])] };
}

/** A host that cannot be reached is said to be left behind; nothing of the cluster depends on it. */
export async function clean(step: Step, run: Run): Promise<void> {
  await inParallel(departing(step, run), run.fleet.limit, async ({ address, host }) => {
    if (host === undefined) {
      run.report({
        type: 'note',
        level: 'warning',
        message: `${address} cannot be reached: what was installed there is still there`,
        hint: `If it comes back, stop what runs there and remove ${run.home}, or install it anew.`,
      });
      return;
    }
    await cleanHost(host, run.home, run.signal);
  });
  const leftovers = (run.state.leftovers ?? []).filter((address) => !step.hosts.includes(address));
  await saveState(run, { leftovers: leftovers.length > 0 ? leftovers : undefined });
}

function departing(step: Step, run: Run): readonly Departing[] {
  return step.hosts.map((address) =>
    run.fleet.whyUnreachable(address) === undefined ? { address, host: run.fleet.get(address) } : { address },
  );
}

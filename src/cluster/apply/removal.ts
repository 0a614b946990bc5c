/** Steps that take members out of a cluster, and leave their hosts as they were before. */

import { inParallel } from '../../parallel.ts';
import type { Departing } from '../../runtime/runtime.ts';
import type { Step } from '../plan/step.ts';
import { cleanHost } from './clean-host.ts';
import { type Run, saveState } from './run.ts';

export async function deleteNodes(step: Step, run: Run): Promise<void> {
  await run.runtime.deleteNodes(departing(step, run));
  await saveState(run, { nodes: run.state.nodes.filter((address) => !step.hosts.includes(address)) });
}

export async function deleteMaster(step: Step, run: Run): Promise<void> {
  await run.runtime.deleteMasters(departing(step, run));
  await saveState(run, { masters: run.state.masters.filter((address) => !step.hosts.includes(address)) });
}

/** A host that cannot be reached is said to be left behind; nothing of the cluster depends on it. */
export async function clean(step: Step, run: Run): Promise<void> {
  await inParallel(departing(step, run), run.fleet.limit, async ({ address, host }) => {
    if (host === undefined) {
      run.report({
        type: 'note',
        level: 'warning',
        message: `${address} cannot be reached: what was installed there is still there`,
        hint: `When it is back: sealer delete --leftovers ${address}.`,
      });
      return;
    }
    await cleanHost(host, run.home);
  });
}

function departing(step: Step, run: Run): readonly Departing[] {
  return step.hosts.map((address) =>
    run.fleet.whyUnreachable(address) === undefined ? { address, host: run.fleet.get(address) } : { address },
  );
}

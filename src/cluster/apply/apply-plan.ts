/** Carries out a plan, one step after the other. */

import { SealerError } from '../../error.ts';
import type { Plan, Step, StepKind } from '../plan/step.ts';
import { appendJournal, type JournalEntry } from '../state/journal.ts';
import { bring, configure, runRegistry } from './bring.ts';
import { saveConfigMap } from './config-map.ts';
import { launch, waitForWorkloads } from './launching.ts';
import { addNames, changeCertificates, init, joinMaster, joinNodes, mirror, prepare, upgrade } from './members.ts';
import { setNodes } from './node-settings.ts';
import { runPhase } from './plugin-phase.ts';
import { push } from './push.ts';
import { clean, deleteMaster, deleteNodes } from './removal.ts';
import { hostsOf, type Run, saveState } from './run.ts';

/** How each kind of step is done. Each can be done again after it broke off anywhere. */
const STEPS: Readonly<Record<StepKind, (step: Step, run: Run) => Promise<void>>> = {
  names: addNames,
  distribute: bring,
  registry: runRegistry,
  configure,
  push,
  plugins: runPhase,
  prepare,
  mirror,
  init,
  upgrade,
  'join-master': joinMaster,
  'join-nodes': joinNodes,
  certificates: changeCertificates,
  'delete-nodes': deleteNodes,
  'delete-master': deleteMaster,
  clean,
  // Of the plan of a deletion, which delete-cluster.ts carries out.
  reset: () => Promise.reject(new Error('a whole cluster is not reset by a step')),
  'node-settings': setNodes,
  launch,
  wait: waitForWorkloads,
};

/** How long one step took, in milliseconds. */
export interface StepTime {
  readonly id: string;
  readonly ms: number;
}

/**
 * Does the steps. What is done is remembered on the hosts as it is done, so that a rerun's plan has only what is left.
 * @throws SealerError of the step that failed, saying which it was
 */
export async function applyPlan(plan: Plan, run: Run): Promise<readonly StepTime[]> {
  const { world, signal } = run;
  const times: StepTime[] = [];
  const id = new Date(world.now()).toISOString();
  const journal = async (event: JournalEntry['event'], step?: Step, detail?: string) => {
    const at = new Date(world.now()).toISOString();
    const { by, command } = world;
    const [first] = hostsOf(run, run.desired.masters.slice(0, 1));
    if (first !== undefined)
      await appendJournal(first, run.home, [{ at, run: id, by, command, step: step?.id, event, detail }]);
  };
  // Of plugins, unlike of all else, no host tells whether they were run.
  const phases = plan.steps.filter(({ kind }) => kind === 'plugins');
  const pending = phases.map(({ detail = '', hosts }) => ({ phase: detail, hosts }));
  await saveState(run, { unfinished: world.command, pending });
  for (const step of plan.steps) {
    signal.throwIfAborted();
    run.report({ type: 'phase', title: step.title });
    const started = performance.now();
    await journal('begin', step);
    try {
      await STEPS[step.kind](step, run);
    } catch (error) {
      await journal('failed', step, error instanceof SealerError ? error.code : 'INTERNAL').catch(() => {});
      signal.throwIfAborted();
      throw inStep(error, step);
    }
    times.push({ id: step.id, ms: performance.now() - started });
    await journal('done', step);
  }
  // Before the run counts as finished: a later one that finds nothing to do would leave it out.
  await saveConfigMap(run);
  await saveState(run, { unfinished: undefined, pending: undefined });
  await journal('end');
  return times;
}

/** The same error, saying in which step it came up and how to go on. */
function inStep(error: unknown, step: Step): unknown {
  if (!(error instanceof SealerError)) return error;
  const { code, message, hint, at, problems } = error;
  const goOn = 'Then run the same command again: it goes on with this step.';
  const isSaid = hint?.includes('again') === true;
  return new SealerError(code, `${message}\n  in the step: ${step.title}`, {
    hint: isSaid ? hint : hint === undefined ? goOn.replace('Then run', 'Run') : `${hint} ${goOn}`,
    at,
    problems,
    cause: error,
  });
}

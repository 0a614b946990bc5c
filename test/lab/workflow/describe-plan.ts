/** A plan in a few words, for tests that say what GitHub makes of a workflow. */

import type { Plan, PlannedJob } from './plan.ts';

/** What happens for an event. */
export interface Described {
  /** The group of the run, `… cancels` where it ends one that is under way. */
  readonly group: string;
  /** `test on ubuntu-24.04`, `build k3s amd64 on ubuntu-24.04 in build-k3s-amd64`: one for each cell that runs. */
  readonly jobs: readonly string[];
}

/** Puts a plan in words; `not started` where there is none. */
export function describePlan(plan: Plan | undefined): Described | 'not started' {
  if (plan === undefined) return 'not started';
  const { concurrency } = plan;
  const group =
    concurrency === undefined ? 'none' : `${concurrency.group}${concurrency.cancelsInProgress ? ' cancels' : ''}`;
  return { group, jobs: plan.jobs.flatMap(describeJob) };
}

/** Runners are named by their job, so a matrix's own values stand without them. */
function describeJob({ id, cells, runsOn, concurrency }: PlannedJob): readonly string[] {
  return cells.map((cell, index) => {
    const runner = runsOn[index] ?? '';
    const values = Object.values(cell)
      .filter((value) => value !== runner && typeof value !== 'object')
      .map(String);
    const group = concurrency[index];
    return [
      ...[id, ...values],
      ...(runner === '' ? [] : ['on', runner]),
      ...(group === undefined ? [] : ['in', group.group, ...(group.cancelsInProgress ? ['cancels'] : [])]),
    ].join(' ');
  });
}

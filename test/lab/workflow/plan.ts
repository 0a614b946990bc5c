/** What GitHub makes of a workflow for an event, before anything runs: which jobs, in which cells, under which names. */

import { type RunSetting, runContexts } from './contexts.ts';
import { asText, expand, isRun, isTruthy, type Outcome, type Scope } from './expressions.ts';
import { type Cell, cellsOf } from './matrix.ts';
import { isStarted } from './triggers.ts';
import { isMapping, needsOf, type WorkflowJob } from './workflow-file.ts';

/** How a job is taken to have ended; what was really run says so itself. */
export interface Ended {
  readonly result: Outcome;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Concurrency {
  readonly group: string;
  readonly cancelsInProgress: boolean;
}

export interface PlannedJob {
  readonly id: string;
  readonly runs: boolean;
  /** Empty where the job does not run. */
  readonly cells: readonly Cell[];
  /** By cell. */
  readonly runsOn: readonly string[];
  readonly concurrency: readonly (Concurrency | undefined)[];
  readonly env: Readonly<Record<string, string>>;
  readonly permissions: unknown;
}

export interface Plan {
  readonly concurrency: Concurrency | undefined;
  readonly jobs: readonly PlannedJob[];
}

/**
 * Plans a run.
 * @param assumed how jobs end that others need; by default, well and without outputs
 * @returns undefined where the event does not start the workflow
 * @throws Error for what GitHub would refuse
 */
export function planRun(setting: RunSetting, assumed: Readonly<Record<string, Partial<Ended>>> = {}): Plan | undefined {
  const { workflow, happening, callInputs } = setting;
  if (callInputs === undefined && !isStarted(workflow, happening)) return undefined;
  const contexts = runContexts(setting);
  const ended = new Map<string, Ended>();
  const jobs: PlannedJob[] = [];
  for (const [id, job] of inOrder(workflow.jobs)) {
    const scope = jobScope(contexts, job, ended);
    const runs = isRun(job.if, scope);
    jobs.push(planJob(id, job, scope, runs, setting));
    const { result = 'success', outputs = {} } = assumed[id] ?? {};
    ended.set(id, runs ? { result, outputs } : { result: 'skipped', outputs: {} });
  }
  return { concurrency: readConcurrency(workflow.concurrency, { contexts, status: 'success' }), jobs };
}

/** Every job after the ones that it needs. */
export function inOrder(
  jobs: Readonly<Record<string, WorkflowJob>>,
): readonly (readonly [id: string, job: WorkflowJob])[] {
  const left = new Map(Object.entries(jobs));
  const order: [string, WorkflowJob][] = [];
  while (left.size > 0) {
    const next = [...left].find(([, job]) => needsOf(job).every((id) => id in jobs && !left.has(id)));
    if (next === undefined) throw new Error(`jobs that wait for each other, or for none: ${[...left.keys()].join()}`);
    order.push(next);
    left.delete(next[0]);
  }
  return order;
}

/** What a job's own keys see. `success()` is about the jobs that it needs. */
export function jobScope(
  contexts: Readonly<Record<string, unknown>>,
  job: WorkflowJob,
  ended: ReadonlyMap<string, Ended>,
): Scope {
  const needs = Object.fromEntries(needsOf(job).map((id) => [id, ended.get(id)]));
  const results = Object.values(needs).map((each) => each?.result);
  const status = results.includes('failure')
    ? 'failure'
    : results.includes('cancelled')
      ? 'cancelled'
      : results.includes('skipped')
        ? 'skipped'
        : 'success';
  return { contexts: { ...contexts, needs }, status };
}

/** The same scope for one cell of the job. */
export function cellScope(scope: Scope, cell: Cell, index: number, total: number): Scope {
  const strategy = { 'fail-fast': false, 'job-index': index, 'job-total': total, 'max-parallel': total };
  return { ...scope, contexts: { ...scope.contexts, matrix: cell, strategy } };
}

function planJob(id: string, job: WorkflowJob, scope: Scope, runs: boolean, { workflow }: RunSetting): PlannedJob {
  const cells = runs ? cellsOf(expand(job.strategy?.matrix, scope)) : [];
  const scopes = cells.map((cell, index) => cellScope(scope, cell, index, cells.length));
  const env = { ...workflow.env, ...job.env };
  return {
    id,
    runs,
    cells,
    runsOn: scopes.map((each) => asLabels(expand(job['runs-on'], each))),
    concurrency: scopes.map((each) => readConcurrency(job.concurrency, each)),
    env: scopes[0] === undefined ? {} : expandEnv(env, scopes[0]),
    permissions: job.permissions ?? workflow.permissions,
  };
}

/** A mapping of variables with their expressions evaluated. */
export function expandEnv(env: Readonly<Record<string, unknown>>, scope: Scope): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, asText(expand(value, scope))]));
}

function asLabels(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(',') : asText(value);
}

function readConcurrency(value: unknown, scope: Scope): Concurrency | undefined {
  if (value === undefined) return undefined;
  const given = expand(value, scope);
  if (!isMapping(given)) return { group: asText(given), cancelsInProgress: false };
  return { group: asText(given.group), cancelsInProgress: isTruthy(given['cancel-in-progress'] ?? false) };
}

/** A workflow, really run on this machine: its jobs in their order, each as far as there are no hosted runners in it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunSetting, runContexts } from './contexts.ts';
import type { Happening } from './events.ts';
import { expand, expandToText, isRun, isTruthy, type Outcome, type Scope } from './expressions.ts';
import { cellsOf } from './matrix.ts';
import { cellScope, type Ended, inOrder, jobScope } from './plan.ts';
import { type EndedCell, type JobWorld, runCell } from './run-job.ts';
import { isStarted } from './triggers.ts';
import { isMapping, parseWorkflowFile, type WorkflowJob } from './workflow-file.ts';

export interface WorkflowRunOptions extends Pick<JobWorld, 'env' | 'runtime' | 'folder' | 'path' | 'resolver'> {
  /** The repository, with its workflows. */
  readonly tree: string;
  /** Path of the workflow in it. */
  readonly file: string;
  readonly happening: Happening;
  /** Only these are run; what the others gave is `assumed`. */
  readonly only?: readonly string[];
  readonly assumed?: Readonly<Record<string, Partial<Ended>>>;
  readonly setting?: Partial<Omit<RunSetting, 'workflow' | 'file' | 'happening'>>;
}

export interface EndedJob extends Ended {
  readonly id: string;
  /** Empty where it did not run, or called another workflow. */
  readonly cells: readonly EndedCell[];
  /** The jobs of the workflow that it called. */
  readonly called: readonly EndedJob[];
  readonly isAssumed: boolean;
}

export interface EndedRun {
  /** Of the jobs that were run. */
  readonly success: boolean;
  readonly jobs: Readonly<Record<string, EndedJob>>;
  /** Everything that was said, for a failed assertion. */
  readonly log: string;
}

/**
 * Runs a workflow for an event.
 * @throws Error when the event does not start it, or it asks for what is not known here
 */
export async function runWorkflow(options: WorkflowRunOptions): Promise<EndedRun> {
  const workflow = parseWorkflowFile(readFileSync(join(options.tree, options.file), 'utf8'));
  const setting: RunSetting = { ...options.setting, workflow, file: options.file, happening: options.happening };
  if (setting.callInputs === undefined && !isStarted(workflow, options.happening)) {
    throw new Error(`${options.happening.name} does not start ${options.file}`);
  }
  const contexts = runContexts(setting);
  const ended = new Map<string, EndedJob>();
  for (const [id, job] of inOrder(workflow.jobs)) {
    const scope = jobScope(contexts, job, ended);
    ended.set(id, await runJob(id, job, scope, { ...options, setting }));
  }
  const jobs = [...ended.values()];
  const log = jobs.flatMap(logsOf).join('\n');
  const success = jobs.every(({ result }) => result === 'success' || result === 'skipped');
  return { success, jobs: Object.fromEntries(ended), log };
}

type World = Omit<WorkflowRunOptions, 'setting'> & { readonly setting: RunSetting };

async function runJob(id: string, job: WorkflowJob, scope: Scope, world: World): Promise<EndedJob> {
  const nothing = { id, cells: [], called: [], outputs: {}, isAssumed: false };
  if (!isRun(job.if, scope)) return { ...nothing, result: 'skipped' };
  if (world.only !== undefined && !world.only.includes(id)) {
    const { result = 'success', outputs = {} } = world.assumed?.[id] ?? {};
    return { ...nothing, result, outputs, isAssumed: true };
  }
  const cells = cellsOf(expand(job.strategy?.matrix, scope));
  const ran: EndedCell[] = [];
  const called: EndedJob[] = [];
  const said: Ended[] = [];
  for (const [index, cell] of cells.entries()) {
    const inCell = cellScope(scope, cell, index, cells.length);
    if (job.uses === undefined) {
      const ended = await runCell(id, job, inCell, world);
      ran.push(ended);
      said.push(ended);
    } else {
      const ended = await callWorkflow(id, job, inCell, world);
      called.push(...ended.jobs);
      said.push(ended);
    }
  }
  const isFailed = said.some(({ result }) => result !== 'success');
  const isForgiven = isTruthy(expand(job['continue-on-error'] ?? false, scope));
  // Of a matrix, the last cell that says something about an output is heard.
  const outputs = Object.assign({}, ...said.map((each) => withoutEmpty(each.outputs)));
  return { ...nothing, cells: ran, called, outputs, result: isFailed && !isForgiven ? 'failure' : 'success' };
}

interface EndedCall extends Ended {
  readonly jobs: readonly EndedJob[];
}

async function callWorkflow(id: string, job: WorkflowJob, scope: Scope, world: World): Promise<EndedCall> {
  const path = /^\.\/(\.github\/workflows\/[\w.-]+)$/.exec(job.uses ?? '')?.[1];
  if (path === undefined) throw new Error(`job ${id}: cannot call ${job.uses} here`);
  const callInputs = expand(job.with ?? {}, scope);
  if (!isMapping(callInputs)) throw new Error(`job ${id}: with is no mapping`);
  const secrets = isMapping(job.secrets) ? expand(job.secrets, scope) : {};
  const { only: _, assumed: __, ...rest } = world;
  const run = await runWorkflow({
    ...rest,
    file: path,
    setting: { ...world.setting, callInputs, secrets: secrets as Readonly<Record<string, string>> },
  });
  const result: Outcome = run.success ? 'success' : 'failure';
  return { jobs: Object.values(run.jobs), result, outputs: outputsOf(path, run, world) };
}

/** What a called workflow hands back: `on.workflow_call.outputs`. */
function outputsOf(path: string, { jobs }: EndedRun, { tree }: World): Readonly<Record<string, string>> {
  const { on } = parseWorkflowFile(readFileSync(join(tree, path), 'utf8'));
  const call = on.workflow_call;
  const declared = isMapping(call) && isMapping(call.outputs) ? call.outputs : {};
  const scope: Scope = { contexts: { jobs }, status: 'success' };
  return Object.fromEntries(
    Object.entries(declared).map(([name, each]) => [name, isMapping(each) ? expandToText(each.value, scope) : '']),
  );
}

function withoutEmpty(outputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== ''));
}

function logsOf({ id, cells, called, result }: EndedJob): readonly string[] {
  const own = cells.map(({ cell, log }) => `=== ${id} ${JSON.stringify(cell)}: ${result}\n${log}`);
  return [...own, ...called.flatMap(logsOf)];
}

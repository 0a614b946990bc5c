/** One cell of a job, really run on this machine. */

import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { githubVariables, type RunSetting } from './contexts.ts';
import { asText, expand, expandToText, type Outcome, type Scope } from './expressions.ts';
import type { Cell } from './matrix.ts';
import { killTracked } from './orphans.ts';
import { expandEnv } from './plan.ts';
import { type Annotation, Session } from './session.ts';
import { type Resolve, runSteps, type StepContext } from './steps.ts';
import type { WorkflowJob } from './workflow-file.ts';

export interface JobWorld {
  readonly setting: RunSetting;
  /** Everything that is written is below it. */
  readonly folder: string;
  /** Variables of the machine, and of the runner: HOME's place, SEALER_HOME, proxies. */
  readonly env: Readonly<Record<string, string>>;
  readonly runtime: Readonly<Record<string, string>>;
  readonly path?: string;
  /** Finds actions for a job whose workspace this is. */
  readonly resolver: (workspace: string) => Resolve;
}

export interface EndedCell {
  readonly cell: Cell;
  readonly result: Outcome;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, StepContext>>;
  readonly log: string;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly workspace: string;
}

/**
 * Runs the steps of a job in one cell of its matrix, on a clean folder.
 * @param scope has the job's `needs`, `matrix` and `strategy`
 */
export async function runCell(id: string, job: WorkflowJob, scope: Scope, world: JobWorld): Promise<EndedCell> {
  const { setting, folder } = world;
  const { workflow } = setting;
  const root = join(folder, `${id}-${randomUUID().slice(0, 8)}`);
  const workspace = join(root, 'work');
  const temporary = join(root, 'temp');
  await mkdir(workspace, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const labels = asText(expand(job['runs-on'], scope));
  const runner = { os: 'Linux', arch: archOf(labels), name: id, temp: temporary, tool_cache: join(root, 'tools') };
  const tracking = `sealer_test_${randomUUID()}`;
  const session = new Session({
    workspace,
    temporary,
    event: setting.happening.payload,
    env: { ...world.env, ...expandEnv({ ...workflow.env, ...job.env }, scope) },
    variables: {
      ...githubVariables(setting),
      GITHUB_JOB: id,
      RUNNER_OS: runner.os,
      RUNNER_ARCH: runner.arch,
      RUNNER_NAME: id,
      RUNNER_TOOL_CACHE: runner.tool_cache,
      RUNNER_ENVIRONMENT: 'github-hosted',
      RUNNER_TRACKING_ID: tracking,
    },
    runtime: world.runtime,
    secrets: [setting.token ?? '', ...Object.values(setting.secrets ?? {})],
    ...(world.path === undefined ? {} : { path: world.path }),
  });
  const contexts = { ...scope.contexts, runner, job: {} };
  const defaults = [job.defaults, workflow.defaults];
  try {
    const github = { ...Object(contexts).github, job: id, workspace };
    const { status, steps } = await runSteps(job.steps ?? [], {
      session,
      contexts: { ...contexts, github },
      resolve: world.resolver(workspace),
      defaults,
    });
    const after: Scope = { contexts: { ...contexts, steps, env: session.env }, status };
    const outputs = Object.entries(job.outputs ?? {}).map(([name, value]) => [name, expandToText(value, after)]);
    const { log, summary, annotations } = session;
    const result = { cell: Object(scope.contexts.matrix), result: status, outputs: Object.fromEntries(outputs) };
    return { ...result, steps, log, summary, annotations, workspace };
  } finally {
    killTracked(tracking);
  }
}

/** Of the runner that is asked for; the steps run on this machine all the same. */
function archOf(labels: string): string {
  return /-arm(?:64)?\b/.test(labels) ? 'ARM64' : arch() === 'arm64' ? 'ARM64' : 'X64';
}

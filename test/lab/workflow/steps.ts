/** A list of steps, run one after the other: those of a job, and those of a composite action. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { expand, expandToText, isRun, isTruthy, type Outcome, type Scope } from './expressions.ts';
import { expandEnv } from './plan.ts';
import type { EndedStep, Session } from './session.ts';
import type { Defaults, Step } from './workflow-file.ts';

/** Where an action is that a step names: a folder with a composite action, or a function in the place of one. */
export type Resolve = (uses: string) => { readonly folder: string } | { readonly standIn: StandIn };

/** In the place of somebody else's action. */
export type StandIn = (call: StandInCall) => Promise<EndedStep>;

export interface StandInCall {
  readonly uses: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly session: Session;
}

export interface StepsWorld {
  readonly session: Session;
  /** What the steps see beside each other. */
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly resolve: Resolve;
  readonly defaults?: readonly (Defaults | undefined)[];
  /** Of a composite action: its folder, for GITHUB_ACTION_PATH. */
  readonly action?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface EndedSteps {
  readonly status: Outcome;
  /** By id: the `steps` context. */
  readonly steps: Readonly<Record<string, StepContext>>;
}

export interface StepContext {
  readonly outputs: Readonly<Record<string, string>>;
  /** Before `continue-on-error`, and after. */
  readonly outcome: Outcome;
  readonly conclusion: Outcome;
}

interface ActionFile {
  readonly inputs?: Readonly<Record<string, { readonly default?: unknown }>>;
  readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

/** Runs steps in their order; after one has failed, only those whose `if` asks for that. */
export async function runSteps(steps: readonly Step[], world: StepsWorld): Promise<EndedSteps> {
  let status: Outcome = 'success';
  const done: Record<string, StepContext> = {};
  for (const [index, step] of steps.entries()) {
    const scope = stepScope(world, done, status);
    if (!isRun(step.if, scope)) {
      done[step.id ?? `step-${index}`] = { outputs: {}, outcome: 'skipped', conclusion: 'skipped' };
      continue;
    }
    const { code, outputs } = await runStep(step, world, scope);
    const goesOn = code === 0 || isTruthy(expand(step['continue-on-error'] ?? false, scope));
    if (!goesOn) status = 'failure';
    const outcome = code === 0 ? 'success' : 'failure';
    const conclusion = goesOn ? 'success' : 'failure';
    done[step.id ?? `step-${index}`] = { outputs: Object.fromEntries(outputs), outcome, conclusion };
  }
  return { status, steps: done };
}

function stepScope(
  { session, contexts, env }: StepsWorld,
  steps: Readonly<Record<string, StepContext>>,
  status: Outcome,
): Scope {
  const { workspace } = session.options;
  const variables = { ...session.options.env, ...env, ...session.env };
  return { contexts: { ...contexts, env: variables, steps, job: { status } }, status, workspace };
}

async function runStep(step: Step, world: StepsWorld, scope: Scope): Promise<EndedStep> {
  const env = { ...world.env, ...expandEnv(step.env ?? {}, scope) };
  const title = step.name ?? step.uses ?? step.run?.split('\n')[0] ?? '';
  world.session.print(`##[group]${expandToText(title, scope)}`);
  if (step.uses !== undefined) return await useAction(step.uses, step, env, world, scope);
  if (step.run === undefined) throw new Error('a step has to have run or uses');
  return await runScript(step, env, world, scope);
}

/** bash as the runner starts it: with pipefail where the workflow names bash, without where it is only the default. */
async function runScript(
  step: Step,
  env: Readonly<Record<string, string>>,
  { session, defaults = [], action }: StepsWorld,
  scope: Scope,
): Promise<EndedStep> {
  const runDefaults = defaults.map((each) => each?.run);
  const shell = step.shell ?? runDefaults.find((each) => each?.shell !== undefined)?.shell;
  if (action !== undefined && step.shell === undefined) throw new Error('a run step of an action needs shell: bash');
  if (shell !== undefined && shell !== 'bash') throw new Error(`unknown shell ${shell}`);
  const folder =
    step['working-directory'] ??
    runDefaults.find((each) => each?.['working-directory'] !== undefined)?.['working-directory'];
  const flags = shell === undefined ? ['-e'] : ['--noprofile', '--norc', '-e', '-o', 'pipefail'];
  const minutes = step['timeout-minutes'];
  return await session.execute('bash', [...flags, '-c', expandToText(step.run, scope)], {
    env: { ...env, ...(action === undefined ? {} : { GITHUB_ACTION_PATH: action }) },
    ...(folder === undefined ? {} : { cwd: join(session.options.workspace, expandToText(folder, scope)) }),
    ...(minutes === undefined ? {} : { timeout: Number(expand(minutes, scope)) * 60_000 }),
  });
}

async function useAction(
  uses: string,
  step: Step,
  env: Readonly<Record<string, string>>,
  world: StepsWorld,
  scope: Scope,
): Promise<EndedStep> {
  const inputs = expandEnv(step.with ?? {}, scope);
  const found = world.resolve(uses);
  if ('standIn' in found) return await found.standIn({ uses, inputs, env, session: world.session });
  const { success, outputs } = await runAction(found.folder, inputs, { ...world, env });
  return { code: success ? 0 : 1, outputs: new Map(Object.entries(outputs)) };
}

export interface EndedAction {
  readonly success: boolean;
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Runs a composite action.
 * @param folder holds action.yml
 * @throws Error for an input that it does not have, or an action that is not composite
 */
export async function runAction(
  folder: string,
  given: Readonly<Record<string, string>>,
  { session, contexts, resolve, env = {} }: StepsWorld,
): Promise<EndedAction> {
  const file = load(readFileSync(join(folder, 'action.yml'), 'utf8')) as ActionFile;
  if (file.runs.using !== 'composite') throw new Error(`not composite: ${file.runs.using}`);
  for (const name of Object.keys(given)) {
    if (file.inputs?.[name] === undefined) throw new Error(`Unexpected input ${name}`);
  }
  // An action sees no secrets, no needs, no matrix: what it is to know it is told by inputs.
  const { github, runner, job } = contexts;
  const outer: Scope = { contexts: { github, runner, job }, status: 'success' };
  const defaults = Object.entries(file.inputs ?? {}).map(([name, input]) => [name, expandToText(input.default, outer)]);
  const inputs = { ...Object.fromEntries(defaults), ...given };
  const world: StepsWorld = { session, contexts: { github, runner, job, inputs }, resolve, action: folder, env };
  const { status, steps } = await runSteps(file.runs.steps, world);
  const scope = stepScope(world, steps, status);
  const outputs = Object.entries(file.outputs ?? {}).map(([name, { value }]) => [name, expandToText(value, scope)]);
  return { success: status === 'success', outputs: Object.fromEntries(outputs) };
}

/** A workflow as YAML says it, as far as our tests look into it. What they do not know they refuse. */

import { load } from 'js-yaml';

export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string | boolean;
  readonly 'continue-on-error'?: boolean | string;
  readonly 'timeout-minutes'?: number | string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly shell?: string;
  readonly 'working-directory'?: string;
  readonly env?: Readonly<Record<string, unknown>>;
}

export interface Defaults {
  readonly run?: { readonly shell?: string; readonly 'working-directory'?: string };
}

export interface WorkflowJob {
  readonly name?: string;
  readonly needs?: string | readonly string[];
  readonly if?: string | boolean;
  readonly 'runs-on'?: unknown;
  readonly environment?: unknown;
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly defaults?: Defaults;
  readonly 'timeout-minutes'?: unknown;
  readonly 'continue-on-error'?: unknown;
  readonly strategy?: {
    readonly matrix?: unknown;
    readonly 'fail-fast'?: unknown;
    readonly 'max-parallel'?: unknown;
  };
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly secrets?: unknown;
  readonly steps?: readonly Step[];
}

export interface Workflow {
  readonly name?: string;
  readonly 'run-name'?: string;
  /** By event; a list or a single name is made a mapping. */
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly defaults?: Defaults;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

const JOB_KEYS: readonly string[] = [
  ...['name', 'needs', 'if', 'runs-on', 'environment', 'permissions', 'concurrency', 'outputs', 'env', 'defaults'],
  ...['timeout-minutes', 'continue-on-error', 'strategy', 'uses', 'with', 'secrets', 'steps'],
];

/**
 * Reads a workflow.
 * @throws Error for what is not a workflow, or has what these tests cannot follow (services, containers)
 */
export function parseWorkflowFile(text: string): Workflow {
  const file = load(text);
  if (!isMapping(file) || !isMapping(file.jobs)) throw new Error('not a workflow');
  for (const [id, job] of Object.entries(file.jobs)) {
    for (const key of Object.keys(isMapping(job) ? job : {})) {
      if (!JOB_KEYS.includes(key)) throw new Error(`job ${id}: ${key} is not known here`);
    }
  }
  return { ...(file as unknown as Workflow), on: readEvents(file.on) };
}

/** Which jobs have to end before this one starts. */
export function needsOf({ needs }: WorkflowJob): readonly string[] {
  return needs === undefined ? [] : typeof needs === 'string' ? [needs] : needs;
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEvents(on: unknown): Workflow['on'] {
  if (typeof on === 'string') return { [on]: {} };
  if (Array.isArray(on)) return Object.fromEntries(on.map((name) => [String(name), {}]));
  if (!isMapping(on)) throw new Error('a workflow without events');
  return on;
}

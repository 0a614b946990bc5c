/** What would make our YAML unsafe for whoever uses it, or for us. */

import { load } from 'js-yaml';

type Mapping = Readonly<Record<string, unknown>>;

/**
 * Looks through an action.yml or a workflow.
 * @returns one sentence for each problem, in the order of the steps
 */
export function findUntrusted(text: string): readonly string[] {
  const file = asMapping(load(text));
  const isWorkflow = 'jobs' in file;
  const problems = isWorkflow ? problemsOfJobs(file) : [];
  for (const { step, shell } of isWorkflow ? stepsOfWorkflow(file) : stepsOfAction(file)) {
    problems.push(...problemsOfStep(step, shell));
  }
  return [...problems, ...problemsOfPins(text, usesIn(file))];
}

interface PlacedStep {
  readonly step: Mapping;
  /** What a step without a shell of its own gets, if somebody has said. */
  readonly shell: unknown;
}

function stepsOfAction({ runs }: Mapping): readonly PlacedStep[] {
  return asList(asMapping(runs).steps).map((step) => ({ step, shell: undefined }));
}

function stepsOfWorkflow({ jobs, defaults }: Mapping): readonly PlacedStep[] {
  return Object.values(asMapping(jobs))
    .map(asMapping)
    .flatMap((job) => {
      const shell = shellOf(job.defaults) ?? shellOf(defaults);
      return asList(job.steps).map((step) => ({ step, shell }));
    });
}

function shellOf(defaults: unknown): unknown {
  return asMapping(asMapping(defaults).run).shell;
}

/** GitHub gives a token that may write, and six hours, to a job that asks for nothing. */
function problemsOfJobs({ permissions, jobs, concurrency }: Mapping): string[] {
  const problems: string[] = [];
  const isEmpty = permissions !== undefined && Object.keys(asMapping(permissions)).length === 0;
  if (!isEmpty || typeof permissions === 'string') problems.push('permissions of the workflow are not {}');
  if (concurrency === undefined) problems.push('no concurrency');
  for (const [name, job] of Object.entries(asMapping(jobs))) {
    const { permissions: own, 'timeout-minutes': timeout } = asMapping(job);
    if (typeof own !== 'object') problems.push(`job ${name}: no permissions`);
    if (typeof timeout !== 'number') problems.push(`job ${name}: no timeout-minutes`);
  }
  return problems;
}

/** An expression in a script is code that whoever writes a title, a branch or an input can choose. */
function problemsOfStep(step: Mapping, shell: unknown): readonly string[] {
  const problems: string[] = [];
  const name = String(step.name ?? step.id ?? step.uses ?? step.run);
  const inputs = asMapping(step.with);
  for (const script of [step.run, inputs.script]) {
    if (String(script ?? '').includes('${{')) problems.push(`${name}: an expression inside a script`);
  }
  if (step.run !== undefined && (step.shell ?? shell) === undefined) problems.push(`${name}: no shell`);
  const { env: _, ...others } = step;
  if (/\$\{\{[^}]*\binputs\b/.test(JSON.stringify(others))) problems.push(`${name}: an input elsewhere than in env`);
  if (String(step.uses).startsWith('actions/checkout@') && String(inputs['persist-credentials']) !== 'false') {
    problems.push(`${name}: credentials stay in the checkout`);
  }
  return problems;
}

/** A tag can be moved to other code; the comment says which release the commit is, to people and to update bots. */
function problemsOfPins(text: string, uses: readonly string[]): readonly string[] {
  const lines = text.split('\n');
  return uses
    .filter((each) => !each.startsWith('./'))
    .filter((each) => !/^[\w.-]+\/[\w./-]+@[a-f0-9]{40}$/.test(each) || !lines.some((line) => isVersioned(line, each)))
    .map((each) => `${each}: not pinned by a commit with its version beside it`);
}

function isVersioned(line: string, uses: string): boolean {
  const [, comment = ''] = line.split(`uses: ${uses} # `);
  return /^v\d+\.\d+\.\d+$/.test(comment);
}

/** Every `uses`, at any depth: of steps, and of jobs that call other workflows. */
function usesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'uses' && typeof inner === 'string' ? [inner] : usesIn(inner),
  );
}

function asMapping(value: unknown): Mapping {
  return typeof value === 'object' && value !== null ? (value as Mapping) : {};
}

function asList(value: unknown): readonly Mapping[] {
  return Array.isArray(value) ? value.map(asMapping) : [];
}

/** Rules for workflows and their jobs: what they may, how long, how many at a time, who may start them. */

import { type AuditedFile, asMapping, type Mapping } from './file.ts';
import type { Rule } from './index.ts';

export const jobRules = {
  /** GitHub gives a token that may write to whoever asks for nothing. */
  'permissions start empty': ({ isWorkflow, top: { permissions } }) => {
    if (!isWorkflow) return [];
    const isEmpty = typeof permissions === 'object' && Object.keys(asMapping(permissions)).length === 0;
    return isEmpty ? [] : ['permissions of the workflow are not {}'];
  },
  'permissions of every job': forJobs(({ permissions }) => (typeof permissions === 'object' ? [] : ['no permissions'])),
  /** What a right is for is asked long after it was given (zizmor: undocumented-permissions). */
  'permissions say why': ({ isWorkflow, text }) => (isWorkflow ? uncommentedGrants(text) : []),
  /** Without one a job may hang for six hours. A job that calls a workflow cannot have one; the called ones do. */
  'every job ends': forJobs(({ uses, 'timeout-minutes': timeout }) =>
    uses !== undefined || typeof timeout === 'number' ? [] : ['no timeout-minutes'],
  ),
  'runs do not race': ({ isWorkflow, top, jobs }) =>
    !isWorkflow || top.concurrency !== undefined || jobs.every(([, job]) => job.concurrency !== undefined)
      ? []
      : ['no concurrency'],
  /** What fails in one cell says nothing about the others. */
  'a matrix goes on': forJobs(({ strategy }) =>
    strategy === undefined || asMapping(strategy)['fail-fast'] === false ? [] : ['fail-fast is not false'],
  ),
  'secrets are named': forJobs(({ secrets }) => (secrets === 'inherit' ? ['secrets: inherit'] : [])),
  /** Only the step that needs a secret gets it (zizmor: overprovisioned-secrets). */
  'secrets stay in steps': (file) => [
    ...(holdsSecret(file.top.env) ? ['a secret in the environment of the workflow'] : []),
    ...forJobs(({ env }) => (holdsSecret(env) ? ['a secret in the environment of the job'] : []))(file),
    ...(/secrets\s*\[|toJSON\(\s*secrets\s*\)/i.test(file.text) ? ['all secrets at once'] : []),
  ],
  /** Who started a run is not who wrote what is in it (zizmor: bot-conditions). */
  'nobody is trusted by name': (file) =>
    conditionsOf(file)
      .filter((condition) => /github\.(?:actor|triggering_actor)\b/i.test(condition))
      .map((condition) => `a name decides: ${condition}`),
  'own runners stay out of pull requests': (file) =>
    file.events.some((event) => event.startsWith('pull_request')) && /self-hosted/.test(JSON.stringify(file.jobs))
      ? ['a pull request runs on a machine that stays']
      : [],
} as const satisfies Readonly<Record<string, Rule>>;

function forJobs(rule: (job: Mapping) => readonly string[]): Rule {
  return ({ jobs }) => jobs.flatMap(([id, job]) => rule(job).map((problem) => `job ${id}: ${problem}`));
}

function holdsSecret(env: unknown): boolean {
  return /\$\{\{[^}]*\b(?:secrets\.|github\.token)/.test(JSON.stringify(env ?? {}));
}

function conditionsOf({ jobs, steps }: AuditedFile): readonly string[] {
  return [...jobs.map(([, job]) => job.if), ...steps.map(({ step }) => step.if)].map(String);
}

/** Grants stand one a line, with a comment at their end or above the first of them. */
function uncommentedGrants(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const [, indent, inline] = /^(\s*)permissions:\s*(?:(\{.*\})\s*)?(?:#.*)?$/.exec(line) ?? [];
    if (indent === undefined) return [];
    if (inline !== undefined)
      return /^\{\s*\}$/.test(inline) ? [] : [`line ${index + 1}: permissions without a word why`];
    const inner = lines.slice(index + 1);
    const end = inner.findIndex((each) => each.trim() !== '' && !each.startsWith(`${indent} `));
    return inner
      .slice(0, end < 0 ? inner.length : end)
      .filter((each) => /^\s+[\w-]+:/.test(each) && !each.includes('# '))
      .map((each) => `line ${index + 1}: ${each.trim()} without a word why`);
  });
}

/** Rules for steps: what reaches them, and what they leave behind. */

import { type AuditedFile, type PlacedStep, scriptsOf } from './file.ts';
import type { Rule } from './index.ts';

/** Events whose runs have secrets, while what they are about comes from anybody. */
const PRIVILEGED = ['pull_request_target', 'workflow_run', 'issue_comment', 'issues', 'discussion_comment'];

/** What somebody else writes: titles, names of branches, inputs. */
const FOREIGN = /\$\{\{[^}]*\b(?:inputs\b|github\.event\b|github\.head_ref\b|github\.ref_name\b)/;

export const stepRules = {
  /** An expression in a script is code that whoever writes a title, a branch or an input can choose. */
  'no expression in a script': forSteps((placed) =>
    scriptsOf(placed).some((script) => script.includes('${{')) ? ['an expression inside a script'] : [],
  ),
  /** Without a named shell, a pipe that breaks in the middle is a success. */
  'scripts name their shell': forSteps(({ step, shell }) =>
    step.run !== undefined && shell === undefined ? ['no shell'] : [],
  ),
  /** Our actions hand their inputs on by environment, so to them they may be given; checkout takes them as data as well. */
  'foreign data goes by env': forSteps(({ step }) => {
    const { env: _, if: __, name: ___, with: inputs, ...others } = step;
    const isCareful = /^(?:[.$]\/|sealer\/build[/@]|actions\/(?:checkout|upload-artifact|download-artifact)@)/.test(
      String(step.uses),
    );
    const looked = isCareful ? others : { ...others, with: inputs };
    return FOREIGN.test(JSON.stringify(looked)) ? ['an input elsewhere than in env'] : [];
  }),
  'checkout keeps no token': forSteps(({ step, inputs }) =>
    String(step.uses).startsWith('actions/checkout@') && String(inputs['persist-credentials']) !== 'false'
      ? ['credentials stay in the checkout']
      : [],
  ),
  /** The way in of most attacks on workflows (zizmor: dangerous-triggers). */
  'secrets never meet the code of others': (file) =>
    isPrivileged(file)
      ? forSteps(({ step, inputs }) =>
          String(step.uses).startsWith('actions/checkout@') &&
          /pull_request\.head|head_ref|head_sha|head_branch|refs\/pull|head_repository/.test(
            JSON.stringify([inputs.ref, inputs.repository]),
          )
            ? ['the code of a pull request, with secrets at hand']
            : [],
        )(file)
      : [],
  /** What is written there is in force for every later step (zizmor: github-env). */
  'no environment from foreign data': (file) =>
    isPrivileged(file)
      ? forSteps((placed) =>
          scriptsOf(placed).some((script) => /GITHUB_(?:ENV|PATH)\b/.test(script))
            ? ['GITHUB_ENV or GITHUB_PATH in a privileged workflow']
            : [],
        )(file)
      : [],
  /** A cache that others may fill is no part of what is signed (zizmor: cache-poisoning). */
  'nothing signed comes from a cache': forSteps(({ step, inputs, job }) =>
    job !== undefined && signs(job) && readsCache(String(step.uses ?? ''), inputs)
      ? ['a cache in a job that signs or releases']
      : [],
  ),
} as const satisfies Readonly<Record<string, Rule>>;

function forSteps(rule: (placed: PlacedStep) => readonly string[]): Rule {
  return ({ steps }) => steps.flatMap((placed) => rule(placed).map((problem) => `${placed.title}: ${problem}`));
}

function isPrivileged({ events }: AuditedFile): boolean {
  return events.some((event) => PRIVILEGED.includes(event));
}

function signs({ permissions, environment }: Readonly<Record<string, unknown>>): boolean {
  return /"(?:id-token|attestations)":"write"/.test(JSON.stringify(permissions ?? {})) || environment !== undefined;
}

function readsCache(uses: string, inputs: Readonly<Record<string, unknown>>): boolean {
  if (/^actions\/cache[/@]/.test(uses)) return true;
  if (uses.startsWith('actions/setup-node@'))
    return inputs.cache !== undefined || String(inputs['package-manager-cache']) !== 'false';
  const isBuild = /^(?:[.$]\/?(?:actions\/build)?|sealer\/build(?:\/actions\/build)?@.*)$/.test(uses);
  return isBuild && String(inputs.cache) !== 'false';
}

/** What would make our YAML unsafe for whoever uses it, or for us. The rules are those of zizmor that concern us, and a few of our own. */

import { type AuditedFile, readAudited } from './file.ts';
import { jobRules } from './jobs.ts';
import { pinRules } from './pins.ts';
import { scriptRules } from './scripts.ts';
import { stepRules } from './steps.ts';

/** Gives a sentence for each place where a file breaks it. */
export type Rule = (file: AuditedFile) => readonly string[];

/** All rules by name. */
export const RULES: Readonly<Record<string, Rule>> = { ...jobRules, ...stepRules, ...scriptRules, ...pinRules };

/**
 * Looks through an action.yml or a workflow.
 * @returns one sentence for each problem
 */
export function findUntrusted(text: string): readonly string[] {
  const file = readAudited(text);
  return Object.values(RULES).flatMap((rule) => rule(file));
}

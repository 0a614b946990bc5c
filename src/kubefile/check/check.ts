/** What only shows when instructions are seen together: names, stages, what is launched. */

import type { Problem } from '../../error.ts';
import type { Kubefile } from '../ast.ts';
import { parseKubefile } from '../parse.ts';
import { createProblemList, sortProblems } from '../problem-list.ts';
import { checkApps } from './apps.ts';
import { checkLaunch } from './launch.ts';
import { checkStages } from './stages.ts';
import { checkWarnings } from './warnings.ts';

export interface CheckOptions {
  /** Name or number of the stage that is built; default: the last. */
  readonly target?: string | undefined;
  /**
   * Names of the apps in the image that the target is based on in the end. While they are not known, a name that no
   * APP declares may still be one of them and is no error, unless the stage is based on scratch.
   */
  readonly inheritedApps?: readonly string[] | undefined;
}

/** Checks a parsed Kubefile: UNKNOWN_STAGE, DUPLICATE_STAGE, UNKNOWN_APP, LAUNCH_CONFLICT and so on, and warnings. */
export function checkKubefile(kubefile: Kubefile, options: CheckOptions = {}): readonly Problem[] {
  const problems = createProblemList();
  const bases = checkStages(kubefile, options.target, problems);
  checkApps(kubefile, bases, options, problems);
  for (const stage of kubefile.stages) checkLaunch(stage, problems);
  checkWarnings(kubefile, bases, problems);
  return problems.sorted();
}

/** Parses and checks: everything that can be said about a Kubefile without its context, in the order of the file. */
export function lintKubefile(text: string, file: string, options: CheckOptions = {}): readonly Problem[] {
  const { kubefile, problems } = parseKubefile(text, file);
  return sortProblems([...problems, ...checkKubefile(kubefile, options)]);
}

/** Which apps a stage has, and whether what names an app names one of them. */

import type { Place } from '../../error.ts';
import { didYouMean, listNames } from '../../suggest.ts';
import type { AppInstruction, Kubefile, Stage } from '../ast.ts';
import type { ProblemList } from '../problem-list.ts';
import type { CheckOptions } from './check.ts';
import type { Bases } from './stages.ts';

/** Reports DUPLICATE_APP and UNKNOWN_APP, and warns of apps that are launched twice. */
export function checkApps(kubefile: Kubefile, bases: Bases, options: CheckOptions, problems: ProblemList): void {
  const targetRoot = rootOf(targetOf(kubefile, options.target), bases);
  const known = new Map<number, Apps>();
  for (const stage of kubefile.stages) {
    const base = bases.get(stage.index);
    const inherited = base !== undefined && 'stage' in base ? known.get(base.stage.index) : undefined;
    const apps: Apps = {
      names: declaredApps(stage, problems),
      inherited: inherited ?? rootApps(base, stage === targetRoot, options.inheritedApps),
      isComplete: true,
    };
    known.set(stage.index, apps);
    checkUses(stage, apps, problems);
  }
}

/** The apps of one stage or image, and those below it. Kept apart, since a copy for each of many stages adds up. */
interface Apps {
  readonly names: ReadonlySet<string>;
  readonly inherited?: Apps | undefined;
  /** Whether there can be no others at this level: false for a base image whose apps are unknown. */
  readonly isComplete: boolean;
}

function* namesOf(apps: Apps): Generator<string> {
  for (const { names } of levelsOf(apps)) yield* names;
}

function* levelsOf(apps: Apps): Generator<Apps> {
  for (let level: Apps | undefined = apps; level !== undefined; level = level.inherited) yield level;
}

function rootApps(base: ReturnType<Bases['get']>, isTarget: boolean, inherited: readonly string[] | undefined): Apps {
  if (base !== undefined && 'image' in base && base.image === 'scratch') return { names: new Set(), isComplete: true };
  if (!isTarget || inherited === undefined) return { names: new Set(), isComplete: false };
  return { names: new Set(inherited), isComplete: true };
}

function targetOf({ stages }: Kubefile, target: string | undefined): Stage | undefined {
  if (target === undefined) return stages.at(-1);
  return stages.findLast(({ name }) => name === target.toLowerCase()) ?? stages[Number(target)];
}

/** The stage at the bottom of a chain of stages, whose FROM names an image. */
function rootOf(stage: Stage | undefined, bases: Bases): Stage | undefined {
  let root = stage;
  while (root !== undefined) {
    const base = bases.get(root.index);
    if (base === undefined || !('stage' in base)) return root;
    root = base.stage;
  }
  return root;
}

function declaredApps(stage: Stage, problems: ProblemList): ReadonlySet<string> {
  const declared = new Map<string, AppInstruction>();
  for (const instruction of stage.instructions) {
    if (instruction.kind !== 'APP' && instruction.kind !== 'CNI' && instruction.kind !== 'CSI') continue;
    const same = declared.get(instruction.name);
    if (same === undefined) declared.set(instruction.name, instruction);
    else {
      const message = `the app "${instruction.name}" is already on line ${same.at.line}`;
      const hint = 'Give it another name, or list all its sources in one instruction.';
      problems.add('DUPLICATE_APP', instruction.nameAt, message, hint);
    }
  }
  return new Set(declared.keys());
}

function checkUses(stage: Stage, apps: Apps, problems: ProblemList): void {
  for (const instruction of stage.instructions) {
    if (instruction.kind === 'APPENV' || instruction.kind === 'APPCMDS') {
      checkUse(instruction.kind, instruction.app, instruction.appAt, apps, problems);
    }
    if (instruction.kind !== 'LAUNCH') continue;
    const launched = new Set<string>();
    instruction.apps.forEach((app, index) => {
      const at = instruction.appsAt[index] ?? instruction.at;
      checkUse('LAUNCH', app, at, apps, problems);
      if (launched.has(app)) problems.warn('BAD_ARGUMENTS', at, `LAUNCH names the app "${app}" twice`, 'Name it once.');
      launched.add(app);
    });
  }
}

function checkUse(kind: string, app: string, at: Place, apps: Apps, problems: ProblemList): void {
  for (const { names, isComplete } of levelsOf(apps)) {
    if (!isComplete || names.has(app)) return;
  }
  problems.add('UNKNOWN_APP', at, `${kind} names the app "${app}", which no APP, CNI or CSI declares`, () => {
    if (namesOf(apps).next().done) return `Declare it by APP ${app} source.`;
    return didYouMean(app, namesOf(apps)) ?? `The apps are ${listNames(namesOf(apps))}.`;
  });
}

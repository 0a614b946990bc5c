/** How the stages of a Kubefile depend on each other. */

import { SealerError } from '../error.ts';
import { didYouMean, listNames } from '../suggest.ts';
import type { CopyInstruction, Kubefile, Stage } from './ast.ts';
import { expandWord, type Scope } from './words/expand.ts';

/**
 * The stage that a build makes: the last one, or the one named (in any letter case) or numbered by `target`.
 * @throws SealerError UNKNOWN_STAGE, MISSING_FROM
 */
export function targetStage(kubefile: Kubefile, target?: string): Stage {
  const stage = target === undefined ? kubefile.stages.at(-1) : stageByNameOrIndex(kubefile, target);
  if (stage !== undefined) return stage;
  const at = { file: kubefile.file };
  if (target === undefined) {
    throw new SealerError('MISSING_FROM', 'the Kubefile has no FROM', { hint: 'Begin with FROM scratch.', at });
  }
  throw new SealerError('UNKNOWN_STAGE', `there is no stage "${target}"`, { hint: stageHint(kubefile, target), at });
}

/**
 * The stages that a target needs, itself included, in the order in which they are to be built.
 * @param scope values of the global ARGs, for a FROM that names a stage by a variable
 * @throws SealerError UNKNOWN_STAGE, MISSING_FROM, BAD_VARIABLE
 */
export function stageOrder(kubefile: Kubefile, target?: string, scope: Scope = () => undefined): readonly Stage[] {
  const needed = new Set<number>();
  const pending = [targetStage(kubefile, target)];
  for (let stage = pending.pop(); stage !== undefined; stage = pending.pop()) {
    if (needed.has(stage.index)) continue;
    needed.add(stage.index);
    pending.push(...stageDependencies(kubefile, stage, scope));
  }
  return kubefile.stages.filter(({ index }) => needed.has(index));
}

/** The stage that a FROM is based on, nothing if it names an image. Only earlier stages count, and no numbers. */
export function baseStage(kubefile: Kubefile, stage: Stage, scope: Scope = () => undefined): Stage | undefined {
  return stageByName(kubefile, expandWord(stage.from.image, scope, kubefile.escape), stage.index);
}

/** The stage that `COPY --from=` names, by name or number; nothing if it names an image. Only earlier stages count. */
export function copyStage(kubefile: Kubefile, stage: Stage, from: string): Stage | undefined {
  return stageByNameOrIndex(kubefile, from, stage.index);
}

/** What to say when a stage is not found. */
function stageHint(kubefile: Kubefile, name: string): string {
  const names = kubefile.stages.flatMap((stage) => stage.name ?? []);
  if (names.length === 0) return 'No stage has a name; give it one by FROM image AS name.';
  return didYouMean(name, names) ?? `The stages are ${listNames(names)}.`;
}

function stageDependencies(kubefile: Kubefile, stage: Stage, scope: Scope): readonly Stage[] {
  const base = baseStage(kubefile, stage, scope);
  const copied = stage.instructions
    .filter((instruction): instruction is CopyInstruction => instruction.kind === 'COPY')
    .flatMap(({ from }) => {
      if (from === undefined) return [];
      return copyStage(kubefile, stage, expandWord(from, scope, kubefile.escape)) ?? [];
    });
  return base === undefined ? copied : [base, ...copied];
}

function stageByNameOrIndex(kubefile: Kubefile, name: string, before?: number): Stage | undefined {
  const byName = stageByName(kubefile, name, before);
  if (byName !== undefined || !/^[0-9]{1,9}$/.test(name)) return byName;
  const index = Number(name);
  return index < (before ?? Number.POSITIVE_INFINITY) ? kubefile.stages[index] : undefined;
}

/** Of several stages with one name, which is an error, the last one counts. */
function stageByName(kubefile: Kubefile, name: string, before = kubefile.stages.length): Stage | undefined {
  const wanted = name.toLowerCase();
  return kubefile.stages.findLast((stage) => stage.index < before && stage.name === wanted);
}

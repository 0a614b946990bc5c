/** Names of stages, and what FROM and COPY --from refer to. */

import { SealerError } from '../../error.ts';
import { listNames, nearest } from '../../suggest.ts';
import type { CopyInstruction, Kubefile, Stage, Word } from '../ast.ts';
import type { Hint, ProblemList } from '../problem-list.ts';
import { targetStage } from '../stages.ts';
import { variablesOf } from '../words/expand.ts';
import { literalText } from '../words/word-grammar.ts';

/** What each stage is based on, by its index: an earlier stage, or an image (`scratch` too) by what is written. */
export type Bases = ReadonlyMap<number, { readonly stage: Stage } | { readonly image: string | undefined }>;

/** ARGs that every build gives, as BuildKit does. */
const PLATFORM_ARGS = ['PLATFORM', 'OS', 'ARCH', 'VARIANT'].flatMap((name) => [`TARGET${name}`, `BUILD${name}`]);

/** Reports DUPLICATE_STAGE, UNKNOWN_STAGE and variables that a FROM can never know. */
export function checkStages(kubefile: Kubefile, target: string | undefined, problems: ProblemList): Bases {
  const bases = new Map<number, { readonly stage: Stage } | { readonly image: string | undefined }>();
  const earlier = new Map<string, Stage>();
  const globals = new Set([
    ...PLATFORM_ARGS,
    ...kubefile.globals.flatMap(({ pairs }) => pairs.map(({ name }) => name)),
  ]);
  const context = {
    kubefile,
    earlier,
    compared: new Set<string>(),
    last: lastByName(kubefile),
    images: imagesOf(kubefile),
    problems,
  };
  checkTarget(kubefile, target, problems);
  for (const stage of kubefile.stages) {
    checkVariables(kubefile, stage, globals, problems);
    const image = literalText(stage.from.image.text, kubefile.escape);
    const base = image === undefined ? undefined : earlier.get(image.toLowerCase());
    bases.set(stage.index, base === undefined ? { image } : { stage: base });
    for (const instruction of stage.instructions) {
      if (instruction.kind === 'COPY') checkCopyFrom(instruction, stage, context);
    }
    if (stage.name === undefined) continue;
    const same = earlier.get(stage.name);
    if (same !== undefined) {
      const message = `the stage "${stage.name}" is already on line ${same.from.at.line}`;
      problems.add('DUPLICATE_STAGE', stage.from.asAt ?? stage.from.at, message, 'Give one of them another name.');
    }
    earlier.set(stage.name, stage);
  }
  return bases;
}

interface Context {
  readonly kubefile: Kubefile;
  /** Stages above, by name. */
  readonly earlier: ReadonlyMap<string, Stage>;
  /** Words that were compared with the names of the stages. */
  readonly compared: Set<string>;
  /** Number of the last stage of each name. */
  readonly last: ReadonlyMap<string, number>;
  /** What the FROMs of this file name: such a word is an image wherever it stands. */
  readonly images: ReadonlySet<string>;
  readonly problems: ProblemList;
}

function imagesOf({ stages }: Kubefile): ReadonlySet<string> {
  return new Set(stages.map(({ from }) => from.image.text));
}

function lastByName({ stages }: Kubefile): ReadonlyMap<string, number> {
  return new Map(stages.flatMap(({ name, index }) => (name === undefined ? [] : [[name, index] as const])));
}

function checkTarget(kubefile: Kubefile, target: string | undefined, problems: ProblemList): void {
  // A file without any FROM has one problem; that its target does not exist is no second one.
  if (target === undefined || kubefile.stages.length === 0) return;
  try {
    targetStage(kubefile, target);
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    problems.add(error.code, error.at ?? { file: kubefile.file }, error.message, error.hint);
  }
}

function checkVariables(
  { escape: escapedBy }: Kubefile,
  { from }: Stage,
  globals: ReadonlySet<string>,
  problems: ProblemList,
): void {
  const words: readonly Word[] = from.platform === undefined ? [from.image] : [from.platform, from.image];
  for (const word of words) {
    const unknown = variablesOf(word, escapedBy).required.find((name) => !globals.has(name));
    if (unknown === undefined) continue;
    problems.add(
      'BAD_VARIABLE',
      word.at,
      `FROM uses \${${unknown}}, which no ARG above the first FROM declares`,
      () => {
        const meant = nearest(unknown, globals);
        const declare = `Write ARG ${unknown}=… above the first FROM, or \${${unknown}:-default}.`;
        return meant === undefined ? declare : `Did you mean \${${meant}}? Otherwise: ${declare}`;
      },
    );
  }
}

/**
 * A word that is no stage is an image. It is taken for a mistake if it can be no image, if a stage further down has
 * the name, or if it is a bare word that nearly is the name of a stage.
 */
function checkCopyFrom({ from }: CopyInstruction, stage: Stage, context: Context): void {
  const name = from === undefined ? undefined : literalText(from.text, context.kubefile.escape);
  if (from === undefined || name === undefined || context.earlier.has(name.toLowerCase())) return;
  const fault = /^[0-9]+$/.test(name) ? faultOfNumber(name, stage) : faultOfName(name, stage, context);
  if (fault !== undefined) context.problems.add('UNKNOWN_STAGE', from.at, fault.message, fault.hint);
}

/** More different images than this in --from of one file are no compared stages, and comparing them takes its time. */
const MAX_COMPARED = 200;

interface Fault {
  readonly message: string;
  readonly hint: Hint;
}

function faultOfNumber(name: string, { index }: Stage): Fault | undefined {
  if (Number(name) < index) return undefined;
  const hint = index === 0 ? 'There is no stage above.' : `The stages above have the numbers 0 to ${index - 1}.`;
  return { message: `there is no stage ${name} above`, hint };
}

function faultOfName(name: string, stage: Stage, { earlier, compared, last, images }: Context): Fault | undefined {
  const lower = name.toLowerCase();
  if (lower === stage.name) return { message: `the stage "${name}" copies from itself`, hint: 'Leave --from out.' };
  if (images.has(name) || !/^[A-Za-z0-9._-]+$/.test(name)) return undefined;
  if ((last.get(lower) ?? 0) > stage.index) {
    return { message: `the stage "${name}" stands further down`, hint: 'Move it above the stage that copies from it.' };
  }
  if (compared.add(name).size > MAX_COMPARED) return undefined;
  const meant = nearest(name, earlier.keys());
  if (meant === undefined) return undefined;
  const hint = (): string =>
    `Did you mean ${meant}? The stages above are ${listNames(earlier.keys())}. For an image write ${name}:tag.`;
  return { message: `there is no stage "${name}"`, hint };
}

/** Short ways to read a Kubefile in a test. */

import assert from 'node:assert/strict';
import type { Problem } from '../../../src/error.ts';
import {
  type CheckOptions,
  type Instruction,
  type Kubefile,
  lintKubefile,
  parseKubefile,
} from '../../../src/kubefile/index.ts';

type InstructionOf<Kind, Each = Instruction> = Each extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Each
    : never
  : never;

/** A Kubefile whose grammar has no problem. */
export function parse(text: string): Kubefile {
  const { kubefile, problems } = parseKubefile(text, 'Kubefile');
  assert.deepEqual(problems, []);
  return kubefile;
}

/** The only instruction of a Kubefile that is `FROM scratch` and these lines. */
export function one<Kind extends Instruction['kind']>(kind: Kind, lines: string): InstructionOf<Kind> {
  const instructions = parse(`FROM scratch\n${lines}\n`).stages[0]?.instructions ?? [];
  assert.equal(instructions.length, 1);
  const [instruction] = instructions;
  assert.ok(instruction !== undefined && isOf(instruction, kind));
  return instruction;
}

/** Errors of a whole Kubefile as `line:column CODE`, in their order. */
export function errors(text: string, options?: CheckOptions): readonly string[] {
  return lint(text, options)
    .filter(({ severity }) => severity !== 'warning')
    .map(({ code, at }) => `${at?.line}:${at?.column} ${code}`);
}

/** Errors of lines below `FROM scratch`, which is line 1. */
export function errorsBelow(lines: string, options?: CheckOptions): readonly string[] {
  return errors(`FROM scratch\n${lines}\n`, options);
}

export function warnings(text: string, options?: CheckOptions): readonly string[] {
  return lint(text, options)
    .filter(({ severity }) => severity === 'warning')
    .map(({ code, at }) => `${at?.line}:${at?.column} ${code}`);
}

/** The only problem of a Kubefile. */
export function onlyProblem(text: string, options?: CheckOptions): Problem {
  const problems = lint(text, options).filter(({ severity }) => severity !== 'warning');
  assert.equal(problems.length, 1, JSON.stringify(problems));
  const [problem] = problems;
  assert.ok(problem);
  return problem;
}

export function lint(text: string, options?: CheckOptions): readonly Problem[] {
  return lintKubefile(text, 'Kubefile', options);
}

function isOf<Kind extends Instruction['kind']>(
  instruction: Instruction,
  kind: Kind,
): instruction is InstructionOf<Kind> {
  return instruction.kind === kind;
}

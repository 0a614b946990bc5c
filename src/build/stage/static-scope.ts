/** What is known of variables before any work: everything but the environment of base images. */

import type { Stage, Word } from '../../kubefile/ast.ts';
import { expandWord } from '../../kubefile/index.ts';
import { declareArgs, type Globals, type Lookup, sourceScope, stageScope, type Variables } from './scope.ts';

export interface StaticScope {
  /** The text of a word as an instruction will see it, or undefined if that takes knowing the base image. */
  expand(word: Word): string | undefined;
  /** The same for a source of COPY, ADD or APP. */
  expandSource(word: Word): string | undefined;
  /** Moves on over an ARG or ENV. */
  pass(instruction: Stage['instructions'][number]): void;
  readonly variables: Variables;
}

/**
 * The scope at the start of a stage.
 * @param earlier the variables of the stage it is built on
 * @param isBaseKnown whether names that are not set are known not to be set
 */
export function staticScope(globals: Globals, earlier: Variables | undefined, isBaseKnown: boolean): StaticScope {
  const variables: Variables = { args: new Map(earlier?.args), env: new Map(earlier?.env) };
  const expandWith = (word: Word, lookup: Lookup): string | undefined => {
    let isKnown = true;
    const text = expandWord(
      word,
      (name) => {
        const value = lookup(name);
        if (value === undefined && !isBaseKnown) isKnown = false;
        return value;
      },
      globals.escape,
    );
    return isKnown ? text : undefined;
  };
  const expand = (word: Word): string | undefined => expandWith(word, stageScope(variables));
  return {
    variables,
    expand,
    expandSource: (word) => expandWith(word, sourceScope(variables, globals)),
    pass(instruction) {
      if (instruction.kind === 'ARG') declareArgs(instruction, variables, globals);
      if (instruction.kind !== 'ENV') return;
      const values = instruction.pairs.map(({ name, value }) => [expand(name), expand(value)] as const);
      for (const [name, value] of values) {
        if (name === undefined) continue;
        if (value === undefined) variables.env.delete(name);
        else variables.env.set(name, value);
      }
    },
  };
}

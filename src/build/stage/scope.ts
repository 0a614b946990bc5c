/** Variables: which ARG and ENV an instruction sees, in docker's order of precedence. */

import type { ArgInstruction, Pair, Word } from '../../kubefile/ast.ts';
import { expandWord } from '../../kubefile/index.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';

export type Lookup = (name: string) => string | undefined;

/** What is the same for every stage of one platform. */
export interface Globals {
  readonly escape: '\\' | '`';
  readonly buildArgs: Readonly<Record<string, string>>;
  /** TARGETPLATFORM and its kin. */
  readonly platformArgs: Readonly<Record<string, string>>;
  /** ARGs before the first FROM. */
  readonly args: ReadonlyMap<string, string>;
}

/** What changes from instruction to instruction. */
export interface Variables {
  readonly args: Map<string, string>;
  readonly env: Map<string, string>;
}

/** docker's predefined ARGs: taken without a declaration, and out of every cache key and history. */
export const PROXY_ARGS: readonly string[] = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
].flatMap((name) => [name, name.toLowerCase()]);

/** The arguments that every build gives; a stage sees one once it says `ARG TARGETARCH`. */
export function platformArgs(target: Platform, host: Platform): Record<string, string> {
  return { ...describePlatform('TARGET', target), ...describePlatform('BUILD', host) };
}

/**
 * Evaluates the ARGs before the first FROM.
 * @throws SealerError BAD_VARIABLE
 */
export function evaluateGlobals(
  instructions: readonly ArgInstruction[],
  given: Omit<Globals, 'args'>,
): Globals & { readonly args: ReadonlyMap<string, string> } {
  const args = new Map<string, string>();
  const globals: Globals = { ...given, args };
  for (const { pairs } of instructions) {
    for (const { name, value } of pairs) {
      const found = given.buildArgs[name] ?? given.platformArgs[name];
      const result =
        value === undefined ? found : (given.buildArgs[name] ?? expandWord(value, fromScope(globals), given.escape));
      if (result !== undefined) args.set(name, result);
    }
  }
  return globals;
}

/** What FROM lines and global ARGs see. */
export function fromScope(globals: Globals): Lookup {
  return (name) => globals.args.get(name) ?? globals.platformArgs[name];
}

/** What the other instructions see: ENV wins over ARG. */
export function stageScope({ env, args }: Variables): Lookup {
  return (name) => env.get(name) ?? args.get(name);
}

/** What sources of COPY, ADD and APP see: the stage's variables, and ARCH as the Go sealer gives it. */
export function sourceScope(variables: Variables, globals: Globals): Lookup {
  const lookup = stageScope(variables);
  return (name) => lookup(name) ?? (name === 'ARCH' ? globals.platformArgs.TARGETARCH : undefined);
}

/** Declares the arguments of an ARG in a stage. */
export function declareArgs(instruction: ArgInstruction, variables: Variables, globals: Globals): void {
  for (const { name, value } of instruction.pairs) {
    const fallback =
      value === undefined
        ? (globals.args.get(name) ?? globals.platformArgs[name])
        : expandWord(value, stageScope(variables), globals.escape);
    const result = globals.buildArgs[name] ?? fallback;
    if (result === undefined) variables.args.delete(name);
    else variables.args.set(name, result);
  }
}

/** Resolves `K=V` pairs; all of one instruction see the variables as they were before it, as docker has it. */
export function expandPairs(
  pairs: readonly Pair[],
  lookup: Lookup,
  escapeCharacter: Globals['escape'],
): [string, string][] {
  const expand = (word: Word) => expandWord(word, lookup, escapeCharacter);
  return pairs.map(({ name, value }) => [expand(name), expand(value)]);
}

function describePlatform(prefix: string, platform: Platform): Record<string, string> {
  return {
    [`${prefix}PLATFORM`]: formatPlatform(platform),
    [`${prefix}OS`]: platform.os,
    [`${prefix}ARCH`]: platform.architecture,
    [`${prefix}VARIANT`]: platform.variant ?? '',
  };
}

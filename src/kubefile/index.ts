/** Kubefile: text → AST → checked build plan. Pure. */

export type * from './ast.ts';
export { type CheckOptions, checkKubefile, lintKubefile } from './check.ts';
export { findConstraintFault } from './constraint.ts';
export { describeInstruction } from './describe.ts';
export { expandHeredoc, expandWord, expandWords, type Scope, variablesOf } from './expand.ts';
export { KEYWORDS, type Keyword } from './keywords.ts';
export type { Escape } from './lexer.ts';
export { parseKubefile } from './parse.ts';
export { quoteShellWords } from './shell-quote.ts';
export { baseStage, copyStage, stageOrder, targetStage } from './stages.ts';
export { didYouMean, listNames, nearest } from './suggest.ts';

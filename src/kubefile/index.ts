/** Kubefile: text → AST → checked build plan. Pure. */

export { didYouMean, listNames, nearest } from '../suggest.ts';
export type * from './ast.ts';
export { type CheckOptions, checkKubefile, lintKubefile } from './check/check.ts';
export { describeInstruction } from './describe.ts';
export { findConstraintFault } from './instructions/constraint.ts';
export { KEYWORDS, type Keyword } from './instructions/keywords.ts';
export type { Escape } from './lines/lexer.ts';
export { parseKubefile } from './parse.ts';
export { baseStage, copyStage, stageOrder, targetStage } from './stages.ts';
export { expandHeredoc, expandWord, expandWords, type Scope, variablesOf } from './words/expand.ts';
export { quoteShellWords } from './words/shell-quote.ts';

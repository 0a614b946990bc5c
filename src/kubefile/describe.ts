/** An instruction on one short line, for progress, history and summaries. */

import type { FromInstruction, Instruction } from './ast.ts';

/** Keyword in capitals, blanks folded, cut to `length` characters. */
export function describeInstruction({ kind, text }: FromInstruction | Instruction, length = 120): string {
  const line = `${kind} ${text.replace(/^\S+\s*/, '').replace(/\s+/g, ' ')}`.trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

import type { KubeVersionInstruction, MaintainerInstruction, WorkdirInstruction } from '../ast.ts';
import { placeOf, textOf } from '../lines/span.ts';
import { findConstraintFault } from './constraint.ts';
import { badArguments, nodeOf, type Statement, wordFrom } from './statement.ts';

/** `WORKDIR path`: all of the line is one path, blanks included. */
export function parseWorkdir(statement: Statement<'WORKDIR'>): WorkdirInstruction | undefined {
  if (textOf(statement.rest) === '') return badArguments(statement, 'has no path', 'WORKDIR path');
  return { ...nodeOf(statement), path: wordFrom(statement, statement.rest) };
}

/** `MAINTAINER name`: nothing in it has a meaning. */
export function parseMaintainer(statement: Statement<'MAINTAINER'>): MaintainerInstruction | undefined {
  const name = textOf(statement.rest);
  return name === '' ? badArguments(statement, 'has no name', 'MAINTAINER name') : { ...nodeOf(statement), name };
}

/** `KUBEVERSION '>=1.28'`: the quotes may be left out. */
export function parseKubeVersion(statement: Statement<'KUBEVERSION'>): KubeVersionInstruction | undefined {
  const { rest, problems } = statement;
  const text = textOf(rest);
  if (text === '') return badArguments(statement, 'has no constraint', "KUBEVERSION '>=1.28'");
  const quote = /^(["'])[\s\S]*\1$/.exec(text)?.[1] ?? '';
  const constraint = text.slice(quote.length, text.length - quote.length);
  const fault = findConstraintFault(constraint);
  if (fault !== undefined) {
    const hint = 'Write comparisons like >=1.28, ~1.28, ^1.2, 1.28.x or >=1.26 <1.30; alternatives are joined by ||.';
    problems.add('BAD_CONSTRAINT', placeOf(rest, quote.length + fault.index), fault.message, hint);
    return undefined;
  }
  return { ...nodeOf(statement), constraint: constraint.trim() };
}

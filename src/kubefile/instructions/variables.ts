import type { ArgInstruction, EnvInstruction, LabelInstruction, Pair } from '../ast.ts';
import { placeOf } from '../lines/span.ts';
import { splitWords } from '../words/words.ts';
import { type NameKind, readName } from './names.ts';
import { hasEquals, readAssignments, splitAssignment } from './pairs.ts';
import { badArguments, nodeOf, type Statement, wordFrom } from './statement.ts';

/** `ENV K=V K2="a b"` and the legacy `ENV K value with blanks`. */
export function parseEnv(statement: Statement<'ENV'>): EnvInstruction | undefined {
  const pairs = readPairs(statement, 'variable');
  return pairs === undefined ? undefined : { ...nodeOf(statement), pairs };
}

/** `LABEL name=value …`, in the forms of ENV. */
export function parseLabel(statement: Statement<'LABEL'>): LabelInstruction | undefined {
  const pairs = readPairs(statement, 'label');
  return pairs === undefined ? undefined : { ...nodeOf(statement), pairs };
}

/** `ARG name other=default`. */
export function parseArg(statement: Statement<'ARG'>): ArgInstruction | undefined {
  const { escape: escapedBy, problems } = statement;
  const words = splitWords(statement.rest, escapedBy);
  if (words.length === 0) return badArguments(statement, 'names no variable', 'ARG name or ARG name=default');
  const pairs = words.flatMap((word) => {
    const assignment = hasEquals(word) ? splitAssignment(word) : undefined;
    const name = readName('variable', assignment?.name ?? word, escapedBy, problems);
    if (name === undefined) return [];
    const value = assignment === undefined ? undefined : wordFrom(statement, assignment.value);
    return [{ name, value, at: placeOf(word) }];
  });
  return { ...nodeOf(statement), pairs };
}

function readPairs(statement: Statement, kind: NameKind): readonly Pair[] | undefined {
  const pairs = readAssignments(statement, statement.rest, kind, 'legacy too');
  return pairs ?? badArguments(statement, 'has no value', `${statement.kind} name=value`);
}

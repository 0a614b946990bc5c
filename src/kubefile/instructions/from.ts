import type { FromInstruction } from '../ast.ts';
import { placeOf, type Span, textOf } from '../lines/span.ts';
import { splitWords } from '../words/words.ts';
import { checkedFlagWord, readFlags } from './flags.ts';
import { checkName } from './names.ts';
import { badArguments, nodeOf, type Statement, wordFrom } from './statement.ts';

const PLATFORM_RULE = {
  code: 'BAD_PLATFORM',
  pattern: /^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+){0,2}$/,
  hint: 'Write os/arch, like linux/arm64.',
} as const;

/**
 * `FROM [--platform=p] image [AS name]`. A stage is made even of a FROM that names no image, so that what follows is
 * not reported as standing before any FROM.
 */
export function parseFrom(statement: Statement<'FROM'>): FromInstruction {
  const flags = readFlags(statement, ['platform']);
  const platform = checkedFlagWord(statement, flags, 'platform', PLATFORM_RULE);
  const [image, as, name, extra] = splitWords(flags.rest, statement.escape);
  const isWellFormed =
    image !== undefined && (as === undefined || (isAs(as) && name !== undefined && extra === undefined));
  if (!isWellFormed) badArguments(statement, 'has too few or too many arguments', 'FROM image or FROM image AS name');
  return {
    ...nodeOf(statement),
    platform,
    image: image === undefined ? { text: '', at: statement.at } : wordFrom(statement, image),
    ...(as !== undefined && isAs(as) && name !== undefined ? stageName(statement, name) : {}),
  };
}

function isAs(span: Span): boolean {
  return textOf(span).toUpperCase() === 'AS';
}

function stageName({ problems }: Statement, span: Span): Pick<FromInstruction, 'as' | 'asAt'> {
  const name = { text: textOf(span).toLowerCase(), at: placeOf(span) };
  if (name.text === 'scratch') {
    problems.add('BAD_NAME', name.at, '"scratch" cannot be the name of a stage', 'It stands for no base image at all.');
  } else checkName('stage', name, problems);
  return { as: name.text, asAt: name.at };
}

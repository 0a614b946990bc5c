import type { CmdsInstruction, LaunchInstruction } from '../ast.ts';
import { placeOf, textOf, wordOf } from '../lines/span.ts';
import { quoteShellWords } from '../words/shell-quote.ts';
import { literalText } from '../words/word-grammar.ts';
import { splitWords } from '../words/words.ts';
import { isMeantAsJson, looksLikeJson, readJsonList } from './json-form.ts';
import { checkName } from './names.ts';
import { badArguments, nodeOf, type Statement } from './statement.ts';

/** `LAUNCH ["a", "b"]` or `LAUNCH a b`. */
export function parseLaunch(statement: Statement<'LAUNCH'>): LaunchInstruction | undefined {
  const { escape: escapedBy, problems, rest } = statement;
  const isList = looksLikeJson(rest);
  const words = isList ? readJsonList(rest, problems) : splitWords(rest, escapedBy).map(wordOf);
  if (words === undefined) return undefined;
  if (!isList && textOf(rest).endsWith(']')) {
    problems.add('BAD_JSON', placeOf(rest), 'the list has no opening bracket', 'Put [ in front of it.');
    return undefined;
  }
  if (words.length === 0) return badArguments(statement, 'names no app', 'LAUNCH ["app", "other"]');
  const apps = words
    .map((word) => ({ ...word, text: isList ? word.text : (literalText(word.text, escapedBy) ?? word.text) }))
    .filter((word) => checkName('app', word, problems));
  return { ...nodeOf(statement), apps: apps.map(({ text }) => text), appsAt: apps.map(({ at }) => at) };
}

/** `CMDS ["command", …]`. */
export function parseCmds(statement: Statement<'CMDS'>): CmdsInstruction | undefined {
  const form = 'CMDS ["first command", "second command"]';
  if (!looksLikeJson(statement.rest)) return badArguments(statement, 'needs a list of commands', form);
  const commands = readJsonList(statement.rest, statement.problems);
  if (commands === undefined) return undefined;
  if (commands.length === 0) return badArguments(statement, 'has an empty list of commands', form);
  return { ...nodeOf(statement), commands: commands.map(({ text }) => text) };
}

/** `CMD command`, kept as it is, or `CMD ["program", "an argument"]`, which becomes one quoted shell line. */
export function parseCmd(statement: Statement<'CMD'>): CmdsInstruction | undefined {
  const { rest, problems } = statement;
  const form = 'CMD command or CMD ["program", "argument"]';
  if (!isMeantAsJson(rest)) {
    const line = textOf(rest);
    return line === '' ? badArguments(statement, 'has no command', form) : { ...nodeOf(statement), commands: [line] };
  }
  const words = readJsonList(rest, problems);
  if (words === undefined) return undefined;
  if (words.length === 0) return badArguments(statement, 'has no command', form);
  return { ...nodeOf(statement), commands: [quoteShellWords(words.map(({ text }) => text))] };
}

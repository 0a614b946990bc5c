import type { AppCmdsInstruction, AppEnvInstruction, AppInstruction } from '../ast.ts';
import { placeOf, type Span, trimSpan } from '../lines/span.ts';
import { nextWord } from '../words/words.ts';
import { checkChecksumSource } from './copy.ts';
import { CHECKSUM_RULE, checkedFlagWord, readFlags } from './flags.ts';
import { looksLikeJson, readJsonList } from './json-form.ts';
import { readName } from './names.ts';
import { readAssignments } from './pairs.ts';
import { badArguments, nodeOf, readArguments, type Statement } from './statement.ts';

/** `APP [--checksum=sha256:…] name source…`, and the same for CNI and CSI. */
export function parseApp(statement: Statement<'APP' | 'CNI' | 'CSI'>): AppInstruction | undefined {
  const form = `${statement.kind} name source…`;
  const flags = readFlags(statement, ['checksum']);
  const checksum = checkedFlagWord(statement, flags, 'checksum', CHECKSUM_RULE);
  const app = takeApp(statement, flags.rest, form);
  if (app === undefined) return undefined;
  const sources = readArguments(statement, app.rest) ?? [];
  if (app.rest.start === app.rest.end) badArguments(statement, 'has no source', form);
  if (checksum !== undefined) checkChecksumSource(statement, sources, checksum);
  return { ...nodeOf(statement), name: app.name, nameAt: app.at, checksum, sources };
}

/** `APPENV name K=V…`. */
export function parseAppEnv(statement: Statement<'APPENV'>): AppEnvInstruction | undefined {
  const form = 'APPENV name variable=value…';
  const app = takeApp(statement, statement.rest, form);
  if (app === undefined) return undefined;
  const pairs = readAssignments(statement, app.rest, 'variable', 'no legacy');
  if (pairs === undefined) return badArguments(statement, 'sets no variable', form);
  return { ...nodeOf(statement), app: app.name, appAt: app.at, pairs };
}

/** `APPCMDS name ["command", …]`. Each string is a command of its own: they are never joined. */
export function parseAppCmds(statement: Statement<'APPCMDS'>): AppCmdsInstruction | undefined {
  const form = 'APPCMDS name ["first command", "second command"]';
  const app = takeApp(statement, statement.rest, form);
  if (app === undefined) return undefined;
  if (!looksLikeJson(app.rest)) return badArguments(statement, 'needs its commands as a list', form);
  const commands = readJsonList(app.rest, statement.problems);
  if (commands?.length === 0) badArguments(statement, 'has an empty list of commands', form);
  if (commands === undefined) return undefined;
  return { ...nodeOf(statement), app: app.name, appAt: app.at, commands: commands.map(({ text }) => text) };
}

/** The name of an app, and what stands behind it. */
function takeApp(
  statement: Statement,
  rest: Span,
  form: string,
): { name: string; at: AppInstruction['nameAt']; rest: Span } | undefined {
  const word = nextWord(rest, statement.escape);
  if (word === undefined) return badArguments(statement, 'names no app', form);
  const name = readName('app', word, statement.escape, statement.problems);
  if (name === undefined) return undefined;
  return { name, at: placeOf(word), rest: trimSpan({ ...rest, start: word.end }) };
}

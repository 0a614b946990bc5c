import type { AppCmdsInstruction, AppEnvInstruction, AppInstruction, Word } from '../ast.ts';
import { placeOf, type Span, trimSpan } from '../lines/span.ts';
import { literalText } from '../words/word-grammar.ts';
import { nextWord } from '../words/words.ts';
import { checkChecksumSource } from './copy.ts';
import { CHECKSUM_RULE, checkedFlagWord, readFlags } from './flags.ts';
import { looksLikeJson, readJsonList } from './json-form.ts';
import { readName, shorten } from './names.ts';
import { readAssignments } from './pairs.ts';
import { badArguments, nodeOf, readArguments, type Statement } from './statement.ts';
import { readValueSets } from './value-sets.ts';

/** `APP [--checksum=sha256:…] [--chart=name:version] [--values=file,…]… name source…`; the same for CNI and CSI. */
export function parseApp(statement: Statement<'APP' | 'CNI' | 'CSI'>): AppInstruction | undefined {
  const form = `${statement.kind} name source…`;
  const flags = readFlags(statement, ['checksum', 'chart', 'values']);
  const checksum = checkedFlagWord(statement, flags, 'checksum', CHECKSUM_RULE);
  const chart = checkedFlagWord(statement, flags, 'chart', CHART_RULE);
  const values = readValueSets(statement, flags);
  const app = takeApp(statement, flags.rest, form);
  if (app === undefined) return undefined;
  const sources = readArguments(statement, app.rest) ?? [];
  if (app.rest.start === app.rest.end) badArguments(statement, 'has no source', form);
  if (checksum !== undefined) checkChecksumSource(statement, sources, checksum);
  if (chart !== undefined) checkChartSource(statement, sources, chart);
  for (const source of sources) checkRemoteChart(statement, source);
  return { ...nodeOf(statement), name: app.name, nameAt: app.at, checksum, chart, values, sources };
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

/** The names that helm's linter allows, and a version or range, which is checked when the repository's index is there. */
const CHART_RULE = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*:\S.*$/,
  hint: 'Write the chart of the repository with its version: --chart=mysql:9.1.0, or a range: --chart="mysql:^9.1".',
} as const;

/** A chart repository is a web address. */
function checkChartSource(statement: Statement, sources: readonly Word[], chart: Word): void {
  const [source] = sources;
  if (sources.length === 1 && source !== undefined && /^["']?(?:https?:\/\/|\$)/.test(source.text)) return;
  const hint = 'Write the address that helm repo add takes: APP --chart=mysql:9.1.0 mysql https://charts.example.com.';
  const message = `--chart of ${statement.kind} needs the address of one chart repository as its source`;
  statement.problems.add('BAD_FLAG', chart.at, message, hint);
}

/** A chart that is not pinned would be another one tomorrow. */
function checkRemoteChart({ kind, escape: escapedBy, problems }: Statement, { text, at }: Word): void {
  const address = literalText(text, escapedBy);
  if (address === undefined || !/^oci:\/\//i.test(address) || /^oci:\/\/[^/]+\/.*[:@][^/]+$/i.test(address)) return;
  const hint = `Write ${shorten(address)}:1.2.3, or @sha256:… behind it.`;
  problems.add('BAD_ARGUMENTS', at, `${kind} has a chart without a version: ${shorten(address)}`, hint);
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

/** From the text of a Kubefile to its AST, with everything that is wrong with its grammar. */

import type { Problem } from '../error.ts';
import type { ArgInstruction, Instruction, Kubefile, Stage } from './ast.ts';
import { parseApp, parseAppCmds, parseAppEnv } from './instructions/app.ts';
import { parseCopy } from './instructions/copy.ts';
import { parseFrom } from './instructions/from.ts';
import { isMeantAsJson, looksLikeJson } from './instructions/json-form.ts';
import { foreignInstructionHint, isKeyword, type Keyword, nearestKeyword } from './instructions/keywords.ts';
import { parseCmd, parseCmds, parseLaunch } from './instructions/launch.ts';
import { shorten } from './instructions/names.ts';
import { parseKubeVersion, parseMaintainer, parseWorkdir } from './instructions/plain.ts';
import { parseRun } from './instructions/run.ts';
import type { Statement } from './instructions/statement.ts';
import { parseArg, parseEnv, parseLabel } from './instructions/variables.ts';
import { openKubefile } from './lines/directives.ts';
import { readHeredocs } from './lines/heredoc.ts';
import { type LineReader, readLogicalLine } from './lines/lexer.ts';
import { type LogicalLine, placeOf, type Span, textOf, trimSpan } from './lines/span.ts';
import { createProblemList, type ProblemList } from './problem-list.ts';
import { splitWords } from './words/words.ts';

/**
 * Parses a Kubefile. It never throws on bad input: what could be understood is in the AST, and all that could not is
 * in `problems`, in the order of the file. Whether names fit together is told by `checkKubefile`.
 *
 * @param file its name for messages, as the user wrote it
 */
export function parseKubefile(text: string, file: string): { kubefile: Kubefile; problems: readonly Problem[] } {
  const problems = createProblemList();
  const reader = openKubefile(text, file, problems);
  const globals: ArgInstruction[] = [];
  const stages: OpenStage[] = [];
  const strays: Statement[] = [];
  for (let line = readLogicalLine(reader); line !== undefined; line = readLogicalLine(reader)) {
    const statement = readStatement(line, reader, problems);
    if (statement === undefined) continue;
    const stage = stages.at(-1);
    if (isOf(statement, 'FROM')) stages.push(openStage(parseFrom(statement), stages.length));
    else if (stage !== undefined) stage.instructions.push(...asList(parseInstruction(statement)));
    else if (isOf(statement, 'ARG')) globals.push(...asList(parseArg(statement)));
    else {
      parseInstruction(statement);
      strays.push(statement);
    }
  }
  reportStrays(strays, stages.length > 0, file, problems);
  return { kubefile: { file, escape: reader.escape, globals, stages }, problems: problems.sorted() };
}

type OpenStage = Stage & { readonly instructions: Instruction[] };

function openStage(from: Stage['from'], index: number): OpenStage {
  return { index, name: from.as, from, instructions: [] };
}

/** Splits off the keyword and reads the heredocs; nothing if the line is no instruction, which is reported. */
function readStatement(line: LogicalLine, reader: LineReader, problems: ProblemList): Statement | undefined {
  const whole = trimSpan({ line, start: 0, end: line.text.length });
  const word = /^\S+/.exec(textOf(whole))?.[0] ?? '';
  const kind = resolveKeyword(word, whole, problems);
  if (kind === undefined) return undefined;
  const { escape: escapedBy } = reader;
  const rest = trimSpan({ ...whole, start: whole.start + word.length });
  const heredocs = mayHaveHeredocs(kind, rest) ? readHeredocs(reader, splitWords(rest, escapedBy), problems) : [];
  return { kind, at: placeOf(whole), text: textOf(whole), rest, escape: escapedBy, heredocs, problems };
}

function mayHaveHeredocs(kind: Keyword, rest: Span): boolean {
  const takesHeredocs = kind === 'COPY' || kind === 'ADD' || kind === 'RUN';
  if (!takesHeredocs || !textOf(rest).includes('<<')) return false;
  return !(kind === 'RUN' ? isMeantAsJson(rest) : looksLikeJson(rest));
}

/** A misspelt keyword is reported and then taken for the nearest one, so that nothing else is reported for its sake. */
function resolveKeyword(word: string, span: Span, problems: ProblemList): Keyword | undefined {
  const upper = word.toUpperCase();
  if (isKeyword(upper)) return upper;
  const meant = problems.isFull() ? undefined : nearestKeyword(word);
  const foreign = foreignInstructionHint(word);
  const hint =
    foreign ??
    (meant === undefined
      ? 'If it belongs to the line above, end that one with a backslash.'
      : `Did you mean ${meant}?`);
  const message = foreign === undefined ? 'is not an instruction' : 'is not an instruction of a Kubefile';
  problems.add('UNKNOWN_INSTRUCTION', placeOf(span), `"${shorten(word)}" ${message}`, hint);
  return meant;
}

function parseInstruction(statement: Statement): Instruction | undefined {
  if (isOf(statement, 'COPY', 'ADD')) return parseCopy(statement);
  if (isOf(statement, 'RUN')) return parseRun(statement);
  if (isOf(statement, 'ENV')) return parseEnv(statement);
  if (isOf(statement, 'ARG')) return parseArg(statement);
  if (isOf(statement, 'LABEL')) return parseLabel(statement);
  if (isOf(statement, 'WORKDIR')) return parseWorkdir(statement);
  if (isOf(statement, 'MAINTAINER')) return parseMaintainer(statement);
  if (isOf(statement, 'APP', 'CNI', 'CSI')) return parseApp(statement);
  if (isOf(statement, 'APPENV')) return parseAppEnv(statement);
  if (isOf(statement, 'APPCMDS')) return parseAppCmds(statement);
  if (isOf(statement, 'LAUNCH')) return parseLaunch(statement);
  if (isOf(statement, 'CMDS')) return parseCmds(statement);
  if (isOf(statement, 'CMD')) return parseCmd(statement);
  if (isOf(statement, 'KUBEVERSION')) return parseKubeVersion(statement);
  return undefined;
}

function isOf<Kind extends Keyword>(statement: Statement, ...kinds: readonly Kind[]): statement is Statement<Kind> {
  return kinds.some((kind) => kind === statement.kind);
}

function asList<Item>(item: Item | undefined): readonly Item[] {
  return item === undefined ? [] : [item];
}

/** Without any FROM one problem says it all; otherwise each instruction above the first FROM is named. */
function reportStrays(strays: readonly Statement[], hasStage: boolean, file: string, problems: ProblemList): void {
  const hint = 'Begin with FROM and a base image, or with FROM scratch.';
  if (!hasStage) {
    const at = strays[0]?.at ?? { file, line: 1, column: 1 };
    problems.add('MISSING_FROM', at, 'the Kubefile has no FROM', hint);
    return;
  }
  for (const { kind, at } of strays) {
    problems.add(
      'MISSING_FROM',
      at,
      `${kind} stands before the first FROM`,
      'Move it below FROM; only ARG may stand before.',
    );
  }
}

import type { CopyInstruction, Heredoc, Word } from '../ast.ts';
import { splitWords } from '../words/words.ts';
import { CHECKSUM_RULE, checkedFlagWord, flagWord, readFlags } from './flags.ts';
import { looksLikeJson, readJsonList } from './json-form.ts';
import { shorten } from './names.ts';
import { badArguments, checkHeredoc, checkWord, nodeOf, type Statement, wordFrom } from './statement.ts';

const CHMOD_RULE = { pattern: /^[0-7]{3,4}$/, hint: 'Write the mode in octal, like --chmod=755.' } as const;

/** `COPY [--from= --chown= --chmod=] source… destination`, `ADD [--checksum= --chown= --chmod=] source… destination`. */
export function parseCopy(statement: Statement<'COPY' | 'ADD'>): CopyInstruction | undefined {
  const { kind } = statement;
  const flags = readFlags(statement, kind === 'COPY' ? ['from', 'chown', 'chmod'] : ['checksum', 'chown', 'chmod']);
  const operands = readOperands(statement, flags.rest);
  if (operands === undefined) return undefined;
  const sources = operands.slice(0, -1);
  const destination = operands.at(-1);
  if (destination === undefined || isHeredoc(destination) || sources.length === 0) {
    return badArguments(statement, 'needs a source and a destination', `${kind} source… destination`);
  }
  const from = flagWord(statement, flags, 'from');
  const checksum = checkedFlagWord(statement, flags, 'checksum', CHECKSUM_RULE);
  for (const source of sources) checkSource(statement, source, from);
  checkDestination(statement, sources.length, destination);
  if (checksum !== undefined) checkChecksumSource(statement, sources, checksum);
  return {
    ...nodeOf(statement),
    from,
    chown: flagWord(statement, flags, 'chown'),
    chmod: checkedFlagWord(statement, flags, 'chmod', CHMOD_RULE),
    checksum,
    sources,
    destination,
  };
}

/** A checksum says something about one download. */
export function checkChecksumSource(statement: Statement, sources: readonly (Word | Heredoc)[], checksum: Word): void {
  const [source] = sources;
  const isUrl = source !== undefined && 'text' in source && /^["']?(?:https?:\/\/|\$)/.test(source.text);
  if (sources.length === 1 && isUrl) return;
  const hint = `Write one ${statement.kind} for each URL that has a checksum.`;
  statement.problems.add('BAD_FLAG', checksum.at, `--checksum of ${statement.kind} needs one URL as its source`, hint);
}

function readOperands(statement: Statement, rest: Statement['rest']): readonly (Word | Heredoc)[] | undefined {
  if (looksLikeJson(rest)) return readJsonList(rest, statement.problems)?.map((word) => checkWord(statement, word));
  const files = new Map(statement.heredocs.filter((file) => file.isWholeWord).map((file) => [file.word.start, file]));
  return splitWords(rest, statement.escape).map((span) => {
    const file = files.get(span.start);
    return file === undefined ? wordFrom(statement, span) : checkHeredoc(statement, file.heredoc, file.firstLine);
  });
}

function isHeredoc(operand: Word | Heredoc): operand is Heredoc {
  return 'content' in operand;
}

function checkSource({ kind, problems }: Statement, source: Word | Heredoc, from: Word | undefined): void {
  if (isHeredoc(source)) {
    if (from === undefined) return;
    problems.add('BAD_ARGUMENTS', source.at, 'COPY --from cannot copy a heredoc', 'Copy it by a COPY without --from.');
  } else if (kind === 'COPY' && /^["']?https?:\/\//.test(source.text)) {
    problems.add('BAD_ARGUMENTS', source.at, 'COPY does not download', 'Use ADD for a URL.');
  }
}

/** As in Docker: several sources need a folder, which ends with a slash. Variables may hold one. */
function checkDestination({ kind, problems }: Statement, sources: number, destination: Word): void {
  const text = destination.text.replace(/["']$/, '');
  if (sources < 2 || text.includes('$') || /(?:^|\/)\.{0,2}$/.test(text)) return;
  const message = `${kind} of several sources needs a folder as destination, and "${shorten(text)}" does not end with a slash`;
  problems.add('BAD_DESTINATION', destination.at, message, `Write ${shorten(text)}/.`);
}

import type { Command, RunInstruction } from '../ast.ts';
import { type Span, textOf } from '../lines/span.ts';
import { readFlags } from './flags.ts';
import { isMeantAsJson, readJsonList } from './json-form.ts';
import { readMount } from './mounts.ts';
import { badArguments, nodeOf, type Statement } from './statement.ts';

/** `RUN [--cluster] [--mount=…] command`, `RUN ["program", "argument"]`, `RUN <<EOF`. Variables are left to the shell. */
export function parseRun(statement: Statement<'RUN'>): RunInstruction | undefined {
  const flags = readFlags(statement, ['mount', 'cluster']);
  const mounts = (flags.values.get('mount') ?? []).flatMap((span) => readMount(statement, span) ?? []);
  const command = readCommand(statement, flags.rest);
  const onCluster = flags.values.has('cluster');
  return command === undefined ? undefined : { ...nodeOf(statement), mounts, onCluster, command };
}

function readCommand(statement: Statement, rest: Span): Command | undefined {
  const { heredocs, problems } = statement;
  if (heredocs.length === 0 && isMeantAsJson(rest)) {
    const argv = readJsonList(rest, problems)?.map(({ text }) => text);
    if (argv === undefined) return undefined;
    return argv.length === 0 ? noCommand(statement) : { form: 'exec', argv };
  }
  const line = textOf(rest);
  if (line === '') return noCommand(statement);
  const [only, ...others] = heredocs;
  if (only === undefined) return { form: 'shell', script: line };
  const isAlone =
    others.length === 0 && only.isWholeWord && only.word.start === rest.start && only.word.end === rest.end;
  if (isAlone) return { form: 'shell', script: only.heredoc.content };
  return { form: 'shell', script: [line, ...heredocs.map(({ raw }) => raw)].join('\n') + '\n' };
}

function noCommand(statement: Statement): undefined {
  return badArguments(statement, 'has no command', 'RUN command');
}

#!/usr/bin/env node
/** The entry of the `sealer` command: joins the process to `runCli`. */

import { constants } from 'node:os';
import type { CliContext } from './context.ts';
import { describeError, toSealerError } from './describe-error.ts';
import { runCli } from './run.ts';

/** How long open handles (a keep-alive connection, say) may hold the process once the work is over, in milliseconds. */
const LINGER_MS = 500;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one means it: no waiting for anything to be tidied.
    if (interruption.signal.aborted) process.exit(128 + constants.signals[signal]);
    interruption.abort();
  });
}

// `sealer images | head -1` closes our output early, which is no failure. Any other fault of it is one: a full disk, say.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  const fault = toSealerError(error);
  process.stderr.write(`${describeError(fault)}\n`);
  process.exit(fault.exitCode);
});
// Nobody looks on any more; the work is to be done all the same.
process.stderr.on('error', () => {});

const context: CliContext = {
  env: process.env,
  // Opening standard input takes longer than most commands run, and few of them read it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
  now: Date.now,
};
void runCli(process.argv.slice(2), context).then((code) => {
  process.exitCode = code;
  setTimeout(() => process.exit(), LINGER_MS).unref();
});

/** Passwords: from standard input, or typed on a terminal that doesn't show them. */

import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { SealerError } from '../error.ts';

/**
 * Reads a stream to its end.
 * @param limit in bytes
 * @throws SealerError USAGE beyond the limit
 */
export async function readAll(stream: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) throw new SealerError('USAGE', `Standard input is longer than ${limit} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Asks on a terminal; what is typed is not shown. */
export async function askHidden(
  question: string,
  input: Readable,
  output: Writable,
  signal: AbortSignal,
): Promise<string> {
  output.write(question);
  // readline turns the terminal's own echo off and writes what is typed to its output, which is nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((answer, fail) => {
      const interrupted = (): void => fail(new SealerError('INTERRUPTED', 'Interrupted'));
      signal.addEventListener('abort', interrupted, { once: true });
      lines.once('SIGINT', interrupted);
      lines.once('close', interrupted);
      lines.once('line', answer);
    });
  } finally {
    lines.close();
    output.write('\n');
  }
}

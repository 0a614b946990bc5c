/** The result of a command, on standard output. */

import type { CliContext } from './context.ts';
import type { OutputFlags } from './flags.ts';
import { plainText } from './progress/text.ts';

/**
 * Prints a result: as one JSON document with `--json`, else as text for people.
 * @param text made only when it is asked for; may be empty
 */
export function printResult(
  { stdout }: CliContext,
  flags: Pick<OutputFlags, 'json'>,
  result: unknown,
  text: () => string,
): void {
  // On a pipe one line: `registry serve` goes on running, and who started it reads that line.
  const written = flags.json === true ? JSON.stringify(result, undefined, stdout.isTTY === true ? 2 : 0) : text();
  if (written !== '') stdout.write(`${written}\n`);
}

/** Columns aligned by spaces, with a title row; the last column is not padded. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows.map((row) => row.map(plainText))];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

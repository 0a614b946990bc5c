/** Renderings of progress, and the choice among them. */

import { silent } from '../../progress.ts';
import { jsonReporter } from './json-events.ts';
import { logReporter } from './log-lines.ts';
import type { ProgressOutput, Reporter } from './reporter.ts';
import { terminalReporter } from './terminal.ts';

export { formatBytes, formatCount, formatDuration } from '../../units.ts';
export { jsonReporter } from './json-events.ts';
export { logReporter } from './log-lines.ts';
export type { ProgressOutput, Reporter } from './reporter.ts';
export { plainText, shorten } from './text.ts';

export const PROGRESS_MODES = ['auto', 'tty', 'plain', 'json', 'quiet'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

/**
 * The reporter for a mode. `auto` redraws on a terminal and writes lines elsewhere; `tty` asks for redrawing and falls
 * back to lines where there is no terminal.
 * @param clock milliseconds since 1970
 */
export function createReporter(mode: ProgressMode, output: ProgressOutput, clock: () => number): Reporter {
  const line = (text: string): void => void output.write(`${text}\n`);
  if (mode === 'quiet') return { report: silent, close: () => {} };
  if (mode === 'json') return jsonReporter(line, clock);
  if (mode === 'plain' || output.isTTY !== true) return logReporter(line, clock);
  return terminalReporter(output, clock);
}

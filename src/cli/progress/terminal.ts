/** Progress on a terminal: finished things scroll up, running ones are redrawn in place below them. */

import type { ProgressEvent } from '../../progress.ts';
import { phaseSummary, renderFrame } from './frame.ts';
import type { ProgressOutput, Reporter } from './reporter.ts';
import { afterEvent, NO_TASKS } from './tasks.ts';
import { plainText } from './text.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Synchronized update (DEC mode 2026): a terminal that knows it shows the frame at once; others ignore it. */
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';
const REDRAW_MS = 100;

/**
 * Starts redrawing on a terminal until closed; closing restores the cursor.
 * @param output where to draw; its size is read at each frame, so resizing just works
 */
export function terminalReporter(output: ProgressOutput, now: () => number): Reporter {
  let tasks = NO_TASKS;
  let drawn = 0;
  let closed = false;

  const draw = (above: readonly string[], live: readonly string[]): void => {
    const up = drawn === 0 ? '' : `\r\u001b[${drawn}A`;
    const lines = [...above, ...live].map((line) => `${line}\u001b[K\n`).join('');
    // Clearing to the end comes last, never first: an empty moment between two frames is what flickers.
    output.write(`${BEGIN}${drawn === 0 ? HIDE_CURSOR : ''}${up}${lines}\u001b[J${END}`);
    drawn = live.length;
  };
  const frame = (): readonly string[] =>
    renderFrame(tasks, now(), { columns: output.columns ?? 80, rows: output.rows ?? 24 });
  const timer = setInterval(() => draw([], frame()), REDRAW_MS);
  timer.unref();
  const restore = (): void => {
    output.write(SHOW_CURSOR);
  };
  // A second Ctrl-C ends the process at once; the cursor must come back all the same.
  process.once('exit', restore);

  return {
    report(event: ProgressEvent): void {
      if (closed) return;
      const before = tasks;
      tasks = afterEvent(tasks, event, now());
      const above = scrolled(event, before, now());
      if (above.length > 0) draw(above, frame());
    },
    close(): void {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      draw(tasks.phase === undefined ? [] : [phaseSummary(tasks.phase, now(), tasks.running.size)], []);
      process.off('exit', restore);
      restore();
    },
  };
}

/** The lines that an event leaves for good. */
function scrolled(event: ProgressEvent, before: typeof NO_TASKS, now: number): readonly string[] {
  switch (event.type) {
    case 'phase':
      return before.phase === undefined ? [] : [phaseSummary(before.phase, now)];
    case 'output':
      return [`  │ ${plainText(event.line)}`];
    case 'note':
      return [`${event.level === 'warning' ? 'warning: ' : ''}${plainText(event.message)}`];
    default:
      return [];
  }
}

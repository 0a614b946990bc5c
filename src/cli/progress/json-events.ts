/** Progress for programs: one JSON object a line, with the time. */

import type { ProgressEvent } from '../../progress.ts';
import type { Reporter } from './reporter.ts';

/** Bytes come in thousands of little pieces; a program gets them summed up, at most this often per task. */
const ADVANCE_MS = 500;

/**
 * Writes events as JSON lines.
 * @param line takes one line without its end
 * @param now milliseconds since 1970
 */
export function jsonReporter(line: (text: string) => void, now: () => number): Reporter {
  const pending = new Map<string, { delta: number; since: number }>();
  const write = (event: ProgressEvent): void => line(JSON.stringify({ time: new Date(now()).toISOString(), ...event }));
  const flush = (id: string): void => {
    const held = pending.get(id);
    if (held !== undefined && held.delta > 0) write({ type: 'advance', id, delta: held.delta });
    pending.delete(id);
  };
  return {
    report(event) {
      if (event.type !== 'advance') {
        if (event.type === 'end') flush(event.id);
        write(event);
        return;
      }
      const held = pending.get(event.id) ?? { delta: 0, since: now() };
      pending.set(event.id, { delta: held.delta + event.delta, since: held.since });
      if (now() - held.since >= ADVANCE_MS) flush(event.id);
    },
    close() {
      for (const id of [...pending.keys()]) flush(id);
    },
  };
}

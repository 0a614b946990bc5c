/** Progress in a log: titles of phases, a line for each finished item, and a sign of life from slow ones. */

import { formatPlace } from '../../error.ts';
import type { Outcome, ProgressEvent } from '../../progress.ts';
import { formatBytes, formatDuration, formatRate } from '../../units.ts';
import type { Reporter } from './reporter.ts';
import { afterEvent, NO_TASKS, type Task } from './tasks.ts';
import { plainText } from './text.ts';

/** How long a task may be silent, in milliseconds. */
const SIGN_OF_LIFE_MS = 10_000;

const WORDS: Record<Outcome, string> = {
  done: 'done',
  exists: 'already there',
  mounted: 'mounted from another repository',
  cached: 'cached',
  failed: 'FAILED',
  cancelled: 'cancelled',
};

/**
 * Writes lines as events come.
 * @param line takes one line without its end
 * @param now milliseconds of a steady clock
 */
export function logReporter(line: (text: string) => void, now: () => number): Reporter {
  const step = logSteps();
  const timer = setInterval(() => step(undefined, now()).forEach(line), 1000);
  timer.unref();
  return {
    report: (event) => step(event, now()).forEach(line),
    close: () => clearInterval(timer),
  };
}

/**
 * The lines that each event, or the mere passing of time, brings.
 * @returns a function to call with the event (or nothing, for a tick) and the time
 */
export function logSteps(): (event: ProgressEvent | undefined, now: number) => readonly string[] {
  let tasks = NO_TASKS;
  const spoke = new Map<string, number>();
  return (event, now) => {
    if (event === undefined) return signsOfLife(tasks.running.values(), spoke, now);
    const before = 'id' in event ? tasks.running.get(event.id) : undefined;
    tasks = afterEvent(tasks, event, now);
    if (event.type === 'start') spoke.set(event.id, now);
    if (event.type === 'end') spoke.delete(event.id);
    return linesOf(event, before, now);
  };
}

function linesOf(event: ProgressEvent, task: Task | undefined, now: number): readonly string[] {
  switch (event.type) {
    case 'phase':
      return [`=> ${plainText(event.title)}`];
    case 'end':
      return task === undefined ? [] : [`   ${plainText(task.label)}: ${ending(event, task, now)}`];
    case 'output':
      return [`   | ${plainText(event.line)}`];
    case 'note': {
      const head = event.level === 'warning' ? 'warning: ' : 'note: ';
      const where = event.at === undefined ? '' : ` (${formatPlace(event.at)})`;
      const hint = event.hint === undefined ? [] : [`   hint: ${plainText(event.hint)}`];
      return [`${head}${plainText(event.message)}${plainText(where)}`, ...hint];
    }
    default:
      return [];
  }
}

function ending(event: Extract<ProgressEvent, { type: 'end' }>, task: Task, now: number): string {
  const detail = event.detail === undefined ? '' : ` (${plainText(event.detail)})`;
  if (event.outcome !== 'done') return `${WORDS[event.outcome]}${detail}`;
  const elapsed = now - task.startedAt;
  const bytes = task.unit === 'bytes' ? (event.moved ?? task.done) : 0;
  const rate = bytes > 0 ? formatRate(bytes, elapsed) : '';
  const size = bytes > 0 ? ` ${formatBytes(bytes)}` : '';
  return `done${size} in ${formatDuration(elapsed)}${rate === '' ? '' : `, ${rate}`}${detail}`;
}

function signsOfLife(tasks: Iterable<Task>, spoke: Map<string, number>, now: number): readonly string[] {
  const lines: string[] = [];
  for (const task of tasks) {
    if (now - (spoke.get(task.id) ?? task.startedAt) < SIGN_OF_LIFE_MS) continue;
    spoke.set(task.id, now);
    lines.push(`   ${plainText(task.label)}: ${soFar(task)} after ${formatDuration(now - task.startedAt)}`);
  }
  return lines;
}

function soFar({ unit, total, done }: Task): string {
  if (unit === 'items') return total === undefined ? 'still running' : `${done} of ${total}`;
  if (done === 0) return 'still waiting';
  const all =
    total === undefined || total === 0 ? '' : ` of ${formatBytes(total)} (${Math.floor((done / total) * 100)} %)`;
  return `${formatBytes(done)}${all}`;
}

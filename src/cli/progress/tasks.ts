/** What is known of running work: progress events folded into phases and tasks. Pure; the clock comes in. */

import type { Outcome, ProgressEvent } from '../../progress.ts';

export interface Task {
  readonly id: string;
  readonly label: string;
  readonly unit: 'bytes' | 'items';
  readonly total?: number | undefined;
  readonly done: number;
  /** Milliseconds of the clock that was given. */
  readonly startedAt: number;
}

export interface Phase {
  readonly title: string;
  readonly startedAt: number;
  readonly started: number;
  readonly ended: Readonly<Partial<Record<Outcome, number>>>;
  /** Bytes that tasks of the phase have gone through, and what they announced. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** Bytes that crossed the network. */
  readonly moved: number;
}

export interface Tasks {
  readonly phase: Phase | undefined;
  /** Running tasks, in the order in which they began. */
  readonly running: ReadonlyMap<string, Task>;
}

export const NO_TASKS: Tasks = { phase: undefined, running: new Map() };

/**
 * The state after an event. A new phase takes the running tasks along; events of unknown tasks change nothing.
 * @param now milliseconds of any steady clock
 */
export function afterEvent(tasks: Tasks, event: ProgressEvent, now: number): Tasks {
  const phase = tasks.phase ?? newPhase('', now);
  switch (event.type) {
    case 'phase':
      return { ...tasks, phase: newPhase(event.title, now) };
    case 'start': {
      const { id, label, unit, total } = event;
      const running = new Map(tasks.running).set(id, { id, label, unit, total, done: 0, startedAt: now });
      const totalBytes = phase.totalBytes + (unit === 'bytes' ? (total ?? 0) : 0);
      return { phase: { ...phase, started: phase.started + 1, totalBytes }, running };
    }
    case 'advance': {
      const task = tasks.running.get(event.id);
      if (task === undefined) return tasks;
      const running = new Map(tasks.running).set(event.id, { ...task, done: task.done + event.delta });
      const bytes = phase.bytes + (task.unit === 'bytes' ? event.delta : 0);
      return { phase: { ...phase, bytes }, running };
    }
    case 'end': {
      const task = tasks.running.get(event.id);
      if (task === undefined) return tasks;
      const running = new Map(tasks.running);
      running.delete(event.id);
      const ended = { ...phase.ended, [event.outcome]: (phase.ended[event.outcome] ?? 0) + 1 };
      // What was reused was announced but never gone through: count it, so that the whole reaches 100 %.
      const skipped = task.unit === 'bytes' ? Math.max(0, (task.total ?? task.done) - task.done) : 0;
      return {
        phase: { ...phase, ended, bytes: phase.bytes + skipped, moved: phase.moved + (event.moved ?? 0) },
        running,
      };
    }
    default:
      return tasks;
  }
}

/** How many tasks of a phase have ended, whatever way. */
export function endedCount(phase: Phase): number {
  return Object.values(phase.ended).reduce((sum, count) => sum + count, 0);
}

function newPhase(title: string, now: number): Phase {
  return { title, startedAt: now, started: 0, ended: {}, bytes: 0, totalBytes: 0, moved: 0 };
}

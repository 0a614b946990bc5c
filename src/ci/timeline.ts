/** What took how long: phases and the work in them, remembered from the progress of an action. */

import type { Outcome, ProgressEvent, Report } from '../progress.ts';
import { busyTimes } from './busy.ts';

/** Times are in milliseconds; beginnings count from the beginning of the timeline. */
export interface Timeline {
  readonly phases: readonly TimedPhase[];
  readonly ms: number;
  /** How long each host was at work, by its address; other first words of tasks are among them. */
  readonly busy: ReadonlyMap<string, number>;
}

export interface TimedPhase {
  readonly title: string;
  readonly start: number;
  readonly ms: number;
  /** The longest, in the order in which they began. */
  readonly tasks: readonly TimedTask[];
  /** Shorter tasks that are not remembered. */
  readonly moreTasks: number;
}

export interface TimedTask {
  /** Begins with the host, where work is a host's. */
  readonly label: string;
  readonly start: number;
  readonly ms: number;
  /** Undefined: it had not ended when the timeline was read. */
  readonly outcome: Outcome | undefined;
}

/** Tasks that are remembered of one phase: an image may have thousands of blobs. */
const MAX_TASKS = 12;
/** Phases that are remembered: those of the largest plans are some dozens. */
const MAX_PHASES = 200;
/** Work before anything said what it is. */
const FIRST_PHASE = 'Prepare';

export interface TimelineRecorder {
  readonly report: Report;
  /** All so far. */
  timeline(): Timeline;
}

/**
 * Listens to progress.
 * @param now milliseconds
 */
export function timelineRecorder(now: () => number): TimelineRecorder {
  const begin = now();
  const phases: OpenPhase[] = [];
  const running = new Map<string, { readonly phase: OpenPhase; readonly label: string; readonly start: number }>();
  const busy = busyTimes();
  const at = () => now() - begin;

  function enter(title: string, start: number): OpenPhase {
    const phase: OpenPhase = { title, start, end: undefined, tasks: [], moreTasks: 0 };
    const last = phases.at(-1);
    if (last !== undefined) last.end ??= start;
    if (phases.length < MAX_PHASES) phases.push(phase);
    return phase;
  }

  return {
    report(event: ProgressEvent) {
      if (event.type === 'phase') enter(event.title, at());
      if (event.type === 'start') {
        const phase = phases.at(-1) ?? enter(FIRST_PHASE, 0);
        running.set(event.id, { phase, label: event.label, start: at() });
        busy.begin(event.label, at());
      }
      if (event.type !== 'end') return;
      const task = running.get(event.id);
      running.delete(event.id);
      if (task === undefined) return;
      busy.end(task.label, at());
      remember(task.phase, { ...timed(task, at()), outcome: event.outcome });
    },
    timeline() {
      const end = at();
      for (const task of running.values()) remember(task.phase, { ...timed(task, end), outcome: undefined });
      running.clear();
      return { phases: phases.map((phase) => closed(phase, end)), ms: end, busy: busy.times(end) };
    },
  };
}

interface OpenPhase {
  readonly title: string;
  readonly start: number;
  end: number | undefined;
  tasks: TimedTask[];
  moreTasks: number;
}

function timed({ label, start }: { readonly label: string; readonly start: number }, end: number) {
  return { label, start, ms: end - start };
}

/** Keeps the longest. */
function remember(phase: OpenPhase, task: TimedTask): void {
  phase.tasks.push(task);
  if (phase.tasks.length <= MAX_TASKS) return;
  const shortest = phase.tasks.reduce((least, each) => (each.ms < least.ms ? each : least));
  phase.tasks.splice(phase.tasks.indexOf(shortest), 1);
  phase.moreTasks += 1;
}

function closed({ title, start, end, tasks, moreTasks }: OpenPhase, now: number): TimedPhase {
  return { title, start, ms: (end ?? now) - start, tasks: tasks.toSorted((a, b) => a.start - b.start), moreTasks };
}

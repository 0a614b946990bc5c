/** What took how long, as a diagram and as a table. */

import { formatCount, formatDuration } from '../../cli/index.ts';
import type { TimedPhase, TimedTask, Timeline } from '../timeline.ts';
import { bar, percent } from './bars.ts';
import { cut, details, escapeHtml, MAX_ROWS, table } from './html.ts';
import { mermaidBlock, mermaidText } from './mermaid.ts';

/** Bars of the diagram at most; more cannot be told apart. */
const MAX_BARS = 40;
/** What is shorter than this share of all is not drawn. */
const MIN_SHARE = 0.01;
/** Tasks of one phase that are drawn. */
const MAX_TASKS = 6;
/** Characters of a phase's title beside its bars, and the pixels that mermaid is to leave for them. */
const MAX_TITLE = 32;
const LAYOUT = '%%{init: {"gantt": {"leftPadding": 215, "barHeight": 18, "topPadding": 20}}}%%';
/** A timeline of less than this is not worth a look, in milliseconds. */
const MIN_MS = 1000;

/** A diagram of the phases with the longest work in each, and the table behind it; nothing for what took no time. */
export function timelineSection(timeline: Timeline): string {
  const { phases, ms } = timeline;
  if (ms < MIN_MS || phases.length === 0) return '';
  const title = `Took ${formatDuration(ms)}, in ${formatCount(phases.length, 'phase')}`;
  return details(title, `${diagram(timeline)}\n${phaseTable(timeline)}`, phases.length > 1);
}

/** Times are seconds since the beginning: mermaid's axis has dates, of which `%s` shows those in any time zone. */
function diagram({ phases, ms }: Timeline): string {
  const shown = phases.filter((phase) => phase.ms >= ms * MIN_SHARE).toSorted((a, b) => b.ms - a.ms);
  const drawn = new Set<TimedPhase>();
  let bars = 0;
  for (const phase of shown) {
    const count = 1 + tasksOf(phase, ms).length;
    if (bars + count > MAX_BARS) break;
    bars += count;
    drawn.add(phase);
  }
  if (drawn.size === 0) return '';
  const lines = phases.filter((phase) => drawn.has(phase)).flatMap((phase) => phaseLines(phase, ms));
  return mermaidBlock([LAYOUT, 'gantt', '  dateFormat x', '  axisFormat %s s', '  todayMarker off', ...lines]);
}

function phaseLines(phase: TimedPhase, total: number): readonly string[] {
  return [
    `  section ${mermaidText(phase.title, MAX_TITLE)}`,
    line(formatDuration(phase.ms), '', phase, total),
    ...tasksOf(phase, total).map((task) =>
      line(`${task.label}, ${formatDuration(task.ms)}`, task.outcome === 'failed' ? 'crit, ' : 'active, ', task, total),
    ),
  ];
}

function line(label: string, kind: string, { start, ms }: Pick<TimedTask, 'start' | 'ms'>, total: number): string {
  const from = Math.round(start);
  // A bar of no width is not drawn at all.
  const to = Math.round(start + Math.max(ms, total / 200, 1));
  return `  ${mermaidText(label)} :${kind}${from}, ${to}`;
}

/** The longest; one that is the whole phase says nothing new. */
function tasksOf({ tasks, ms }: TimedPhase, total: number): readonly TimedTask[] {
  const long = tasks.filter((task) => task.ms >= total * MIN_SHARE && (tasks.length > 1 || task.ms < ms * 0.95));
  const kept = new Set(long.toSorted((a, b) => b.ms - a.ms).slice(0, MAX_TASKS));
  return long.filter((task) => kept.has(task));
}

function phaseTable({ phases, ms }: Timeline): string {
  const longest = Math.max(...phases.map((phase) => phase.ms));
  const rows = phases
    .slice(0, MAX_ROWS)
    .map((phase) => [
      escapeHtml(cut(phase.title, 120)),
      formatDuration(phase.ms),
      bar(phase.ms, longest),
      percent(phase.ms, ms),
      longestTask(phase),
    ]);
  return table(['Phase', 'Took', '', '', 'Longest work in it'], rows);
}

function longestTask({ tasks, moreTasks }: TimedPhase): string {
  const [longest] = tasks.toSorted((a, b) => b.ms - a.ms);
  if (longest === undefined) return '';
  const count = tasks.length + moreTasks;
  const of = count > 1 ? ` of ${count}` : '';
  return `${escapeHtml(cut(longest.label, 80))}, ${formatDuration(longest.ms)}${of}`;
}

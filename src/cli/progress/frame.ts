/** What the live part of a terminal shows: one line for the phase and one for each running task. Pure. */

import { formatBytes, formatDuration, formatRate } from '../../units.ts';
import { endedCount, type Phase, type Task, type Tasks } from './tasks.ts';
import { plainText, shorten } from './text.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const BAR = 20;

/**
 * The lines of a frame, none wider than the terminal.
 * @param size of the terminal, in characters
 */
export function renderFrame(
  { phase, running }: Tasks,
  now: number,
  size: { columns: number; rows: number },
): readonly string[] {
  if (phase === undefined) return [];
  const room = Math.max(1, Math.min(8, size.rows - 3));
  const tasks = [...running.values()];
  const shown = tasks.slice(0, room);
  const lines = [phaseLine(phase, now), ...shown.map((task) => taskLine(task, now, size.columns))];
  if (tasks.length > shown.length) lines.push(`  … and ${tasks.length - shown.length} more`);
  // The last column stays free: a line that fills it would wrap on some terminals and break the redraw.
  return lines.map((line) => line.slice(0, Math.max(1, size.columns - 1)));
}

/**
 * One line that stays when a phase is over: `✓ Fetching images  12 done, 175 MB moved (3.2 s)`.
 * @param unfinished tasks that an error or Ctrl-C has left without an end
 */
export function phaseSummary(phase: Phase, now: number, unfinished = 0): string {
  const { done = 0, failed = 0, cancelled: ended = 0, ...reused } = phase.ended;
  const cancelled = ended + unfinished;
  const kept = Object.values(reused).reduce((sum, count) => sum + count, 0);
  const facts = [
    done > 0 ? `${done} done` : '',
    kept > 0 ? `${kept} reused` : '',
    failed > 0 ? `${failed} failed` : '',
    cancelled > 0 ? `${cancelled} cancelled` : '',
    phase.moved > 0 ? `${formatBytes(phase.moved)} moved` : '',
  ].filter((fact) => fact !== '');
  const mark = failed + cancelled > 0 ? '✗' : '✓';
  const list = facts.length === 0 ? '' : `  ${facts.join(', ')}`;
  return `${mark} ${plainText(phase.title)}${list} (${formatDuration(now - phase.startedAt)})`;
}

function phaseLine(phase: Phase, now: number): string {
  const elapsed = now - phase.startedAt;
  const spinner = SPINNER[Math.floor(now / 100) % SPINNER.length] ?? '';
  const left = phase.totalBytes - phase.bytes;
  const facts = [
    phase.started > 0 ? `${endedCount(phase)}/${phase.started}` : '',
    phase.totalBytes > 0 ? `${formatBytes(phase.bytes)} of ${formatBytes(phase.totalBytes)}` : '',
    phase.bytes > 0 ? formatRate(phase.bytes, elapsed) : '',
    phase.bytes > 0 && left > 0 && elapsed > 1000 ? `${formatDuration((left / phase.bytes) * elapsed)} left` : '',
  ].filter((fact) => fact !== '');
  return `${spinner} ${plainText(phase.title)}  ${facts.join('  ')}`.trimEnd();
}

function taskLine(task: Task, now: number, columns: number): string {
  const facts = taskFacts(task, now);
  const width = Math.max(10, columns - facts.length - 6);
  return `  ${shorten(plainText(task.label), width).padEnd(Math.min(width, 44))}  ${facts}`;
}

function taskFacts({ unit, total, done, startedAt }: Task, now: number): string {
  const elapsed = now - startedAt;
  if (total === undefined || total === 0) {
    return done > 0 && unit === 'bytes' ? `${formatBytes(done)}  ${formatDuration(elapsed)}` : formatDuration(elapsed);
  }
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR);
  const bar = `${'━'.repeat(filled)}${'─'.repeat(BAR - filled)}`;
  const amount = unit === 'bytes' ? formatBytes(total) : `${done}/${total}`;
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${amount}`;
}

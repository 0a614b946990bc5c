import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { phaseSummary, renderFrame } from '../../../src/cli/progress/frame.ts';
import { createReporter, formatBytes, formatDuration, jsonReporter } from '../../../src/cli/progress/index.ts';
import { logSteps } from '../../../src/cli/progress/log-lines.ts';
import { afterEvent, NO_TASKS, type Tasks } from '../../../src/cli/progress/tasks.ts';
import { plainText, shorten } from '../../../src/cli/progress/text.ts';
import type { ProgressEvent } from '../../../src/progress.ts';

const MB = 1_000_000;

/** Time in milliseconds, and what happened then. */
type Script = readonly (readonly [number, ProgressEvent])[];

const FETCH: Script = [
  [0, { type: 'phase', title: 'Fetching container images' }],
  [0, { type: 'start', id: 'a', label: 'nginx:1.25 layer 0a1b', unit: 'bytes', total: 100 * MB }],
  [0, { type: 'start', id: 'b', label: 'redis:7 layer 9f8e', unit: 'bytes', total: 20 * MB }],
  [1000, { type: 'advance', id: 'a', delta: 25 * MB }],
  [2000, { type: 'end', id: 'b', outcome: 'exists' }],
  [2000, { type: 'advance', id: 'a', delta: 25 * MB }],
];

function play(script: Script): Tasks {
  return script.reduce((tasks, [now, event]) => afterEvent(tasks, event, now), NO_TASKS);
}

function playLog(script: readonly (readonly [number, ProgressEvent | undefined])[]): string[] {
  const step = logSteps();
  return script.flatMap(([now, event]) => step(event, now));
}

suite('a terminal', () => {
  test('shows the phase with amount, rate and time left, and a bar for each running task', () => {
    assert.deepEqual(renderFrame(play(FETCH), 2000, { columns: 100, rows: 24 }), [
      '⠋ Fetching container images  1/2  70.0 MB of 120 MB  35.0 MB/s  1.4 s left',
      '  nginx:1.25 layer 0a1b                         ━━━━━━━━━━──────────  50 %  100 MB',
    ]);
  });

  test('never writes a line that is as wide as the terminal, or more lines than it has', () => {
    const many: Script = Array.from({ length: 50 }, (_, i) => [
      0,
      { type: 'start', id: `${i}`, label: `registry.example.com/a/very/long/name/of/an/image:${i}`, unit: 'bytes' },
    ]);
    for (const columns of [20, 40, 80]) {
      const lines = renderFrame(play([...FETCH, ...many]), 3000, { columns, rows: 6 });
      assert.ok(lines.length <= 6, `${lines.length} lines`);
      for (const line of lines) assert.ok(line.length < columns, `${line.length} of ${columns}: ${line}`);
    }
  });

  test('sums a phase up in one line that stays', () => {
    const ended = play([...FETCH, [3000, { type: 'end', id: 'a', outcome: 'done', moved: 100 * MB }]]);
    assert.ok(ended.phase);
    assert.equal(
      phaseSummary(ended.phase, 3200),
      '✓ Fetching container images  1 done, 1 reused, 100 MB moved (3.2 s)',
    );
  });

  test('does not call a phase done that was broken off', () => {
    const { phase, running } = play(FETCH);
    assert.ok(phase);
    assert.match(phaseSummary(phase, 2000, running.size), /^✗ .*1 cancelled/);
  });

  test('gets its cursor back when the work is over, and only redraws what changes below', () => {
    let written = '';
    const reporter = createReporter(
      'auto',
      { isTTY: true, columns: 80, rows: 24, write: (text) => (written += text) },
      () => 0,
    );
    for (const [, event] of FETCH) reporter.report(event);
    reporter.report({ type: 'note', level: 'warning', message: 'look here' });
    reporter.close();
    assert.match(written, /warning: look here/);
    assert.ok(written.includes('\u001b[?25l'), 'the cursor was hidden');
    assert.ok(written.endsWith('\u001b[?25h'), 'the cursor is shown again');
    assert.ok(!written.includes('\u001b[2J'), 'the screen is never cleared');
  });
});

suite('a log', () => {
  test('gets a title for each phase and a line for each finished item', () => {
    const lines = playLog([...FETCH, [4000, { type: 'end', id: 'a', outcome: 'done', moved: 100 * MB }]]);
    assert.deepEqual(lines, [
      '=> Fetching container images',
      '   redis:7 layer 9f8e: already there',
      '   nginx:1.25 layer 0a1b: done 100 MB in 4.0 s, 25.0 MB/s',
    ]);
  });

  test('gets a sign of life from slow tasks every 10 seconds, and none in between', () => {
    const ticks = Array.from({ length: 25 }, (_, i) => [3000 + i * 1000, undefined] as const);
    assert.deepEqual(playLog([...FETCH, ...ticks]).slice(2), [
      '   nginx:1.25 layer 0a1b: 50.0 MB of 100 MB (50 %) after 10 s',
      '   nginx:1.25 layer 0a1b: 50.0 MB of 100 MB (50 %) after 20 s',
    ]);
  });

  test('shows output and notes, with place and hint', () => {
    assert.deepEqual(
      playLog([
        [0, { type: 'output', id: 'run', line: 'hello\u001b[31m red' }],
        [0, { type: 'note', level: 'warning', message: 'odd', at: { file: 'Kubefile', line: 3 }, hint: 'Mend it.' }],
      ]),
      ['   | hello red', 'warning: odd (Kubefile:3)', '   hint: Mend it.'],
    );
  });
});

test('JSON events are one object a line, with bytes summed up and nothing lost', () => {
  const lines: string[] = [];
  let now = 0;
  const reporter = jsonReporter(
    (line) => lines.push(line),
    () => now,
  );
  reporter.report({ type: 'start', id: 'a', label: 'layer', unit: 'bytes', total: 1000 });
  for (let i = 0; i < 1000; i++) {
    now += 1;
    reporter.report({ type: 'advance', id: 'a', delta: 1 });
  }
  reporter.report({ type: 'end', id: 'a', outcome: 'done', moved: 1000 });
  reporter.close();
  const events = lines.map((line) => JSON.parse(line));
  const advances = events.filter(({ type }) => type === 'advance');
  assert.ok(advances.length <= 3, `${advances.length} advance events`);
  assert.equal(
    advances.reduce((sum, { delta }) => sum + delta, 0),
    1000,
  );
  assert.deepEqual(events.at(-1), {
    time: '1970-01-01T00:00:01.000Z',
    type: 'end',
    id: 'a',
    outcome: 'done',
    moved: 1000,
  });
});

test('quiet is silent, and without a terminal there are lines whatever was asked for', () => {
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text) };
  createReporter('quiet', output, () => 0).report({ type: 'phase', title: 'x' });
  assert.deepEqual(written, []);
  const reporter = createReporter('tty', output, () => 0);
  reporter.report({ type: 'phase', title: 'x' });
  reporter.close();
  assert.deepEqual(written, ['=> x\n']);
});

suite('text from elsewhere', () => {
  test('cannot move the cursor, set the title or break the line', () => {
    assert.equal(plainText('a\u001b[2Jb\u001b]0;owned\u0007c\r\nd\u009b31me\tf'), 'abcd31me  f');
  });

  test('is shortened in the middle', () => {
    assert.equal(shorten('registry.example.com/team/app:v1', 16), 'registry…/app:v1');
    assert.equal(shorten('short', 16), 'short');
  });
});

test('sizes and times are short and have units', () => {
  assert.deepEqual([0, 999, 1000, 12_345, 99_999_999, 1.5e9].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '12.3 kB',
    '100 MB',
    '1.5 GB',
  ]);
  assert.deepEqual([0, 340, 9960, 61_000, 3_725_000].map(formatDuration), [
    '0 ms',
    '340 ms',
    '10 s',
    '1 min 01 s',
    '1 h 02 min',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dump, load } from 'js-yaml';
import { parseChartIndex } from '../../../src/build/charts/chart-index.ts';

const versionsOf = (text: string, chart: string): string[] =>
  parseChartIndex(text, chart, 'test').map(({ version }) => version);

const ENTRIES = {
  'a-mysql': [{ version: '0.1.0', description: 'a:\n  mysql:\n  - version: 6.6.6\n' }],
  mysql: [
    { version: '1.0.0', description: 'one\n\ntwo: |\n', urls: ['a.tgz'], digest: 'a'.repeat(64) },
    { version: '2.0.0', urls: ['b.tgz'] },
  ],
  mysql2: [{ version: '3.0.0' }],
};

test('a chart is found in an index however that is written', () => {
  const json = JSON.stringify({ apiVersion: 'v1', entries: ENTRIES });
  const asHelm = dump({ apiVersion: 'v1', entries: ENTRIES, generated: 'now' }, { seqNoIndent: true });
  const other = dump({ apiVersion: 'v1', entries: ENTRIES }, { indent: 4 });
  for (const text of [json, asHelm, other, asHelm.replaceAll('\n', '\r\n')]) {
    assert.deepEqual(versionsOf(text, 'mysql'), ['1.0.0', '2.0.0']);
    assert.deepEqual(versionsOf(text, 'mysql2'), ['3.0.0']);
    assert.deepEqual(versionsOf(text, 'gone'), []);
    assert.deepEqual(versionsOf(text, '__proto__'), []);
  }
});

test('anchors that reach over charts are followed', () => {
  const text = 'entries:\n  one:\n  - &x {version: 1.0.0}\n  two:\n  - *x\n';
  assert.deepEqual(versionsOf(text, 'two'), ['1.0.0']);
});

test('what is no index is refused, and entries that are none are left out', () => {
  for (const text of ['', '<html>', 'entries: 7\n', '[1]', 'a: [']) {
    assert.throws(() => versionsOf(text, 'mysql'), { code: 'CHART_INVALID' });
  }
  assert.deepEqual(versionsOf('entries: {mysql: [7, {version: 1}, {version: 1.0.0, urls: 5}]}', 'mysql'), ['1.0.0']);
});

test('an index of the size of the largest is searched in a fraction of the time that it takes to read it', () => {
  const list = Array.from({ length: 100 }, (_, i) => ({ version: `1.${i}.0`, description: 'x'.repeat(1400) }));
  const entries = Object.fromEntries(
    Array.from({ length: 130 }, (_, i) => [`chart${i}`, list.map((each) => ({ ...each }))]),
  );
  const text = dump({ apiVersion: 'v1', entries }, { seqNoIndent: true });
  assert.ok(text.length > 15_000_000);
  const search = cpuTime(() => assert.equal(versionsOf(text, 'chart129').length, 100));
  const whole = cpuTime(() => load(text));
  // It is an eighth; whatever the machine, and whoever else is at work on it.
  assert.ok(search < whole / 2, `${search} µs, and ${whole} µs to read all of it`);
});

/** Microseconds. */
function cpuTime(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

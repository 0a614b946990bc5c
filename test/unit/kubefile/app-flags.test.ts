import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorsBelow, one, onlyProblem } from './reading.ts';

test('each --values of APP is one alternative, its files in their order', () => {
  const app = one('APP', 'APP --values=base.yaml,prod.yaml --values="a,b.yaml" web chart');
  assert.deepEqual(
    app.values.map((set) => set.map(({ text, at }) => [text, at.column])),
    [
      [
        ['base.yaml', 14],
        ['prod.yaml', 24],
      ],
      [['"a,b.yaml"', 43]],
    ],
  );
  assert.deepEqual(one('APP', 'APP web chart').values, []);
  assert.equal(one('CNI', 'CNI --values=$FILE web chart').values[0]?.[0]?.text, '$FILE');
});

test('--values takes files of the context and nothing else', () => {
  assert.deepEqual(errorsBelow('APP --values= web chart'), ['2:5 BAD_FLAG']);
  assert.deepEqual(errorsBelow('APP --values=a.yaml,,b.yaml web chart'), ['2:21 BAD_FLAG']);
  assert.deepEqual(errorsBelow('APP --values=a.yaml,https://example.com/v.yaml web chart'), ['2:21 BAD_FLAG']);
  assert.deepEqual(errorsBelow('COPY --values=a.yaml a b'), ['2:6 UNKNOWN_FLAG']);
});

test('a chart of a repository is named with its version, and stands before an address', () => {
  const app = one('APP', 'APP --chart=mysql:^9.1 db https://charts.example.com/stable');
  assert.equal(app.chart?.text, 'mysql:^9.1');
  assert.deepEqual(errorsBelow('APP --chart="mysql:>=9.1 <10" db https://charts.example.com'), []);
  assert.deepEqual(errorsBelow('APP --chart=$CHART db $REPOSITORY'), []);
  assert.deepEqual(errorsBelow('APP --chart=mysql db https://charts.example.com'), ['2:13 BAD_FLAG']);
  assert.deepEqual(errorsBelow('APP --chart=../mysql:1 db https://charts.example.com'), ['2:13 BAD_FLAG']);
  assert.deepEqual(errorsBelow('APP --chart=mysql:9 db charts/mysql'), ['2:13 BAD_FLAG']);
  assert.deepEqual(errorsBelow('APP --chart=mysql:9 --chart=other:9 db https://a'), ['2:21 BAD_FLAG']);
});

test('a chart of a registry without a version is refused, with what to write', () => {
  assert.match(onlyProblem('FROM scratch\nAPP db oci://registry.example.com:5000/mysql').hint ?? '', /mysql:1\.2\.3/);
  const digest = `sha256:${'0'.repeat(64)}`;
  assert.deepEqual(errorsBelow('APP db oci://registry.example.com:5000/mysql:9.1.0'), []);
  assert.deepEqual(errorsBelow(`APP db oci://registry.example.com/charts/mysql@${digest}`), []);
  assert.deepEqual(errorsBelow('APP db oci://registry.example.com/mysql:$VERSION'), []);
});

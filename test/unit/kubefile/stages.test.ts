import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { baseStage, copyStage, parseKubefile, stageOrder, targetStage } from '../../../src/kubefile/index.ts';
import { parse } from './reading.ts';

const kubefile = parse(
  [
    'ARG BASE=two',
    'FROM a:1 AS One',
    'FROM b:1 AS two',
    'FROM c:1 AS unused',
    'FROM one AS four',
    'COPY --from=1 x y',
    'COPY --from=nginx:1 x y',
    'FROM $BASE AS five',
    'FROM four',
  ].join('\n'),
);
const indexes = (target?: string, scope?: (name: string) => string | undefined): readonly number[] =>
  stageOrder(kubefile, target, scope).map(({ index }) => index);

describe('stageOrder', () => {
  test('takes what a target needs by FROM and COPY --from, in order, and nothing else', () => {
    assert.deepEqual(indexes(), [0, 1, 3, 5]);
    assert.deepEqual(indexes('FOUR'), [0, 1, 3]);
    assert.deepEqual(indexes('2'), [2]);
  });

  test('resolves a stage that is named by a global ARG', () => {
    assert.deepEqual(indexes('five'), [4]);
    assert.deepEqual(
      indexes('five', () => 'two'),
      [1, 4],
    );
  });

  test('an unknown target is an error that names the nearest stage', () => {
    assert.throws(() => indexes('fuor'), { code: 'UNKNOWN_STAGE', hint: 'Did you mean four?' });
    assert.throws(() => targetStage(parseKubefile('', 'Kubefile').kubefile), { code: 'MISSING_FROM' });
  });
});

test('a name means a stage above, else an image', () => {
  const [one, two, , four] = kubefile.stages;
  assert.ok(one && two && four);
  assert.equal(copyStage(kubefile, four, 'TWO'), two);
  assert.equal(copyStage(kubefile, four, '0'), one);
  assert.equal(copyStage(kubefile, four, 'four'), undefined);
  assert.equal(copyStage(kubefile, four, '3'), undefined);
  assert.equal(baseStage(kubefile, four), one);
  assert.equal(baseStage(kubefile, one), undefined);
});

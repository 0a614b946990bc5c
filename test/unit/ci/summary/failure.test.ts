import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureSummary } from '../../../../src/ci/summary/index.ts';
import { MAX_BYTES } from '../../../../src/ci/summary/room.ts';
import { type Problem, SealerError } from '../../../../src/error.ts';
import { HOSTILE } from './samples.ts';

test('a failure has its code, what happened, where, and what to do', () => {
  const at = { file: 'deploy/Kubefile', line: 3, column: 7 };
  const error = new SealerError('COMMAND_FAILED', 'make ends with 2:\n\n  no rule', { hint: 'Look at the log.', at });
  assert.equal(
    failureSummary(error),
    '<h3>Failed: <code>COMMAND_FAILED</code></h3>\n<p>make ends with 2:<br>no rule</p>\n' +
      '<p>At <code>deploy/Kubefile:3:7</code></p>\n<p>Look at the log.</p>\n',
  );
});

test('every problem of a failure has a row, as long as there is room', () => {
  const problems = Array.from({ length: 1000 }, (_, i): Problem => {
    return {
      code: 'UNKNOWN_APP',
      message: `${i} ${'<'.repeat(9000)}`,
      hint: '&'.repeat(9000),
      at: { file: 'Kubefile', line: i },
    };
  });
  const text = failureSummary(new SealerError('KUBEFILE_INVALID', 'x'.repeat(2_000_000), { problems }));
  assert.ok(Buffer.byteLength(text) < MAX_BYTES, String(text.length));
  assert.match(text, /Kubefile:149<\/code>/);
  assert.match(text, /… and 850 more/);
});

test('a failure cannot bring in markup, mentions or Markdown', () => {
  const error = new SealerError('INTERNAL', HOSTILE, {
    hint: HOSTILE,
    problems: [{ code: 'INTERNAL', message: HOSTILE }],
  });
  const text = failureSummary(error);
  assert.doesNotMatch(text, /<(?!\/?(?:h3|p|code|table|tr|th|td|br)[ >])/);
  assert.doesNotMatch(text, /[@`[]|\n\n/);
});

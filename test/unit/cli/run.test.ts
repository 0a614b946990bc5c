import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeError, errorToJson, toSealerError } from '../../../src/cli/describe-error.ts';
import { SealerError } from '../../../src/error.ts';
import { run } from './fake-context.ts';

suite('usage', () => {
  test('an unknown command names the nearest one and exits with 2', async () => {
    const { code, stderr, stdout } = await run(['biuld', '.']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.equal(stderr, "error[USAGE]: Unknown command 'biuld'\n  hint: Did you mean build?\n");
  });

  test('an unknown flag names the nearest one', async () => {
    const { code, stderr } = await run(['build', '--lable', 'a=b']);
    assert.equal(code, 2);
    assert.match(stderr, /Unknown option '--lable'\n {2}hint: Did you mean --label\?/);
  });

  test('with --json an error is one JSON object on stderr', async () => {
    const { code, stderr, stdout } = await run(['tag', '--json']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const { error } = JSON.parse(stderr);
    assert.deepEqual([error.code, error.exitCode, error.problems], ['USAGE', 2, []]);
  });

  for (const args of [[], ['--help'], ['help-me', '--help'], ['build', '--help'], ['registry', 'serve', '--help']]) {
    test(`sealer ${args.join(' ')} shows help`, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: sealer/);
      assert.equal(stderr, '');
    });
  }

  test('a group without a command is wrong usage', async () => {
    const { code, stderr } = await run(['registry']);
    assert.equal(code, 2);
    assert.match(stderr, /error\[USAGE\]/);
  });

  test('a password on the command line is refused, and never repeated', async () => {
    for (const args of [['-p', 'hunter2'], ['-phunter2'], ['--password=hunter2']]) {
      const { code, stderr } = await run(['login', '-u', 'me', ...args, 'r.example.com']);
      assert.equal(code, 2);
      assert.match(stderr, /--password-stdin/);
      assert.doesNotMatch(stderr, /hunter2/);
    }
  });

  test('an archive never goes to a terminal', async () => {
    const { code, stderr } = await run(['save', 'x:v1'], { isTTY: true });
    assert.equal(code, 2);
    assert.match(stderr, /Add -o FILE/);
  });
});

test('version says what it runs on, as JSON too', async () => {
  const { code, stdout } = await run(['version', '--json']);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).node, process.versions.node);
});

suite('errors', () => {
  const place = { file: 'Kubefile', line: 3, column: 5 };

  test('have code, place and hint on lines of their own', () => {
    const error = new SealerError('UNKNOWN_INSTRUCTION', '"CPOY" is not an instruction', {
      at: place,
      hint: 'Write COPY.',
    });
    assert.equal(
      describeError(error),
      'error[UNKNOWN_INSTRUCTION]: "CPOY" is not an instruction\n  at Kubefile:3:5\n  hint: Write COPY.',
    );
  });

  test('that sum up several problems show each of them, the sum last', () => {
    const problems = [
      { code: 'BAD_JSON', message: 'one', at: place } as const,
      { code: 'UNKNOWN_APP', message: 'two', severity: 'warning' } as const,
    ];
    const error = new SealerError('KUBEFILE_INVALID', 'Kubefile has 2 problems', { problems });
    assert.deepEqual(describeError(error).split('\n'), [
      'error[BAD_JSON]: one',
      '  at Kubefile:3:5',
      'warning[UNKNOWN_APP]: two',
      'error[KUBEFILE_INVALID]: Kubefile has 2 problems',
    ]);
    assert.equal(Object(errorToJson(error)).error.problems.length, 2);
  });

  test('that nobody foresaw are bugs: stack, where to report, exit 70', () => {
    const error = toSealerError(new TypeError('x is not a function'));
    assert.equal(error.exitCode, 70);
    const text = describeError(error);
    assert.match(text, /run\.test\.ts/);
    assert.match(text, /error\[INTERNAL\]: TypeError: x is not a function\n {2}hint: .*https:/);
  });

  test('of a full disk and of missing permission are no bugs', () => {
    const full = toSealerError(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
    assert.deepEqual([full.code, full.exitCode], ['DISK_FULL', 3]);
    assert.equal(toSealerError(Object.assign(new Error('EACCES'), { code: 'EACCES' })).code, 'PERMISSION');
  });

  test('after Ctrl-C are an interruption, whatever broke because of it', () => {
    assert.equal(toSealerError(new Error('aborted'), AbortSignal.abort()).code, 'INTERRUPTED');
  });

  test('cannot bring escape sequences to the terminal', () => {
    assert.equal(describeError(new SealerError('RUN_FAILED', 'a\u001b[2Jb')), 'error[RUN_FAILED]: ab');
  });
});

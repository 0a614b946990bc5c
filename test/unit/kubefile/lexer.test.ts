import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KEYWORDS } from '../../../src/kubefile/index.ts';
import { errors, errorsBelow, one, onlyProblem, parse } from './reading.ts';

describe('lines', () => {
  test('continuation lines are joined, with comments and blank lines between them left out', () => {
    const run = one('RUN', 'RUN echo a && \\\n   # why\n\n\\\n  echo b');
    assert.deepEqual(run.command, { form: 'shell', script: 'echo a &&   echo b' });
  });

  test('a word on a continuation line has its own place', () => {
    const copy = one('COPY', '  COPY a \\\n# no\n   b \\  \n c/');
    assert.deepEqual(
      [...copy.sources, copy.destination].map(({ at }) => [at.line, at.column]),
      [
        [2, 8],
        [4, 4],
        [5, 2],
      ],
    );
    assert.deepEqual(copy.at, { file: 'Kubefile', line: 2, column: 3 });
  });

  test('a doubled escape character does not continue a line', () => {
    assert.equal(parse('FROM scratch\nRUN echo \\\\\nRUN b').stages[0]?.instructions.length, 2);
  });

  test('a continuation at the end of the file is the end', () => {
    assert.deepEqual(one('RUN', 'RUN a \\').command, { form: 'shell', script: 'a' });
  });

  test('a line may begin with an empty continuation', () => {
    const run = one('RUN', '\\\n\n   RUN a \\\n b');
    assert.deepEqual(run.at, { file: 'Kubefile', line: 4, column: 4 });
    assert.deepEqual(run.command, { form: 'shell', script: 'a  b' });
  });

  test('a # inside a line is no comment', () => {
    assert.equal(one('CMD', 'CMD echo # x').commands[0], 'echo # x');
  });

  test('CRLF and a byte order mark change nothing', () => {
    const text = 'FROM scratch\nCOPY <<EOF \\\n /a\nx\nEOF\nRUN a';
    assert.deepEqual(parse(`\uFEFF${text.replaceAll('\n', '\r\n')}`), parse(text));
  });

  test('keywords stand in any case, all of them', () => {
    for (const keyword of KEYWORDS) {
      const problems = errors(`FROM scratch\n${keyword.toLowerCase()} ,`);
      assert.ok(!problems.some((problem) => problem.includes('UNKNOWN_INSTRUCTION')), keyword);
    }
  });
});

describe('directives', () => {
  test('# escape=` makes the backslash a character', () => {
    const kubefile = parse('# syntax=docker/dockerfile:1\n# Escape = `\nFROM scratch\nCOPY a `\n C:\\\nRUN x');
    assert.equal(kubefile.escape, '`');
    assert.equal(kubefile.stages[0]?.instructions.length, 2);
  });

  test('a directive behind a comment is a comment', () => {
    assert.equal(parse('# hello\n# escape=`\nFROM scratch').escape, '\\');
  });

  test('an impossible escape character and a second directive are errors', () => {
    assert.deepEqual(errors('# escape=x\n# escape=`\nFROM scratch'), ['1:1 BAD_DIRECTIVE', '2:1 BAD_DIRECTIVE']);
  });
});

describe('unknown instructions', () => {
  test('a misspelt keyword names the nearest one and is otherwise taken for it', () => {
    const problem = onlyProblem('FROM scratch\nAPPP nginx x\nLAUNCH ["nginx"]');
    assert.deepEqual(problem, {
      code: 'UNKNOWN_INSTRUCTION',
      message: '"APPP" is not an instruction',
      hint: 'Did you mean APP?',
      at: { file: 'Kubefile', line: 2, column: 1 },
      severity: 'error',
    });
    assert.equal(onlyProblem('FROM scratch\nKUBVERSON >=1.2').hint, 'Did you mean KUBEVERSION?');
    assert.equal(onlyProblem('FRMO scratch').hint, 'Did you mean FROM?');
  });

  test('a line that is nothing like an instruction may be a lost continuation', () => {
    assert.match(onlyProblem('FROM scratch\nRUN a\n  --install b').hint ?? '', /end that one with a backslash/);
  });

  test('Docker instructions that a cluster image does not have say what to do instead', () => {
    for (const [keyword, hint] of [
      ['USER', /no user/],
      ['ENTRYPOINT', /LAUNCH/],
      ['EXPOSE', /Services/],
      ['VOLUME', /manifests/],
      ['SHELL', /heredoc|<<EOF/],
      ['HEALTHCHECK', /Probes/],
      ['STOPSIGNAL', /manifests/],
      ['onbuild', /triggers/],
    ] as const) {
      const problem = onlyProblem(`FROM scratch\n${keyword} x`);
      assert.equal(problem.code, 'UNKNOWN_INSTRUCTION');
      assert.match(problem.hint ?? '', hint);
    }
  });
});

describe('FROM comes first', () => {
  test('an empty file, and one of comments alone, has no FROM', () => {
    assert.deepEqual(errors(''), ['1:1 MISSING_FROM']);
    assert.deepEqual(errors('# nothing\n\n'), ['1:1 MISSING_FROM']);
  });

  test('each instruction above the first FROM is named, but ARG', () => {
    assert.deepEqual(errors('ARG A=1\nENV A=1\nRUN x\nFROM scratch'), ['2:1 MISSING_FROM', '3:1 MISSING_FROM']);
  });

  test('without any FROM that is one problem, beside those of grammar', () => {
    assert.deepEqual(errors('COPY a\nRUN x'), ['1:1 BAD_ARGUMENTS', '1:1 MISSING_FROM']);
  });
});

test('all problems of a file are reported at once, in its order', () => {
  const text = [
    'FROM scratch AS',
    'COPY a',
    'ENV A',
    'LAUNCH ["a"',
    'RUN --mount=type=tmpfs x',
    'WORKDIR',
    'KUBEVERSION abc',
    "LABEL a='b",
  ].join('\n');
  assert.deepEqual(errors(text), [
    '1:1 BAD_ARGUMENTS',
    '2:1 BAD_ARGUMENTS',
    '3:1 BAD_ARGUMENTS',
    '4:12 BAD_JSON',
    '5:13 BAD_FLAG',
    '6:1 BAD_ARGUMENTS',
    '7:13 BAD_CONSTRAINT',
    '8:9 BAD_QUOTES',
  ]);
});

test('a file that is no Kubefile gives a bounded report', () => {
  const problems = errorsBelow('zzz\n'.repeat(2000));
  assert.equal(problems.length, 501);
});

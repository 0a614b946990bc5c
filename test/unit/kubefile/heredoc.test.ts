import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorsBelow, one, onlyProblem } from './reading.ts';

describe('heredocs of COPY and ADD', () => {
  test('several in one instruction are read one after the other', () => {
    const copy = one('COPY', 'COPY <<a.txt plain <<"b.txt" /etc/\nA $X\na.txt\nB $X\nb.txt');
    assert.deepEqual(copy.sources, [
      { name: 'a.txt', expand: true, content: 'A $X\n', at: { file: 'Kubefile', line: 2, column: 6 } },
      { text: 'plain', at: { file: 'Kubefile', line: 2, column: 14 } },
      { name: 'b.txt', expand: false, content: 'B $X\n', at: { file: 'Kubefile', line: 2, column: 20 } },
    ]);
  });

  test('<<- removes leading tabs, also before its end, and no other blanks', () => {
    const copy = one('ADD', "ADD <<-'X' /a\n\t\tone\n\t  two\n\tX");
    assert.deepEqual(copy.sources[0], {
      name: 'X',
      expand: false,
      content: 'one\n  two\n',
      at: { file: 'Kubefile', line: 2, column: 5 },
    });
  });

  test('comments, keywords and continuation marks in the content are content', () => {
    const copy = one('COPY', 'COPY <<E \\\n  /a\n# x\nRUN y \\\n\nE');
    assert.deepEqual('content' in (copy.sources[0] ?? {}) && copy.sources[0], {
      name: 'E',
      expand: true,
      content: '# x\nRUN y \\\n\n',
      at: { file: 'Kubefile', line: 2, column: 6 },
    });
  });

  test('a malformed variable in the content is reported on its line', () => {
    assert.deepEqual(errorsBelow('COPY <<E /a\nok\nx ${A\nE'), ['4:3 BAD_VARIABLE']);
    assert.deepEqual(errorsBelow("COPY <<'E' /a\nx ${A\nE"), []);
  });

  test('one without an end says which line nearly ended it, and the rest of the file is still read', () => {
    const problem = onlyProblem('FROM scratch\nCOPY <<EOF /a\nx\n  EOF\nRUN y');
    assert.equal(problem.code, 'BAD_HEREDOC');
    assert.match(problem.hint ?? '', /Line 4/);
    assert.deepEqual(errorsBelow('COPY <<EOF /a\nx\nEOF \nUSER x'), ['2:6 BAD_HEREDOC', '5:1 UNKNOWN_INSTRUCTION']);
  });

  test('a destination cannot be a heredoc', () => {
    assert.deepEqual(errorsBelow('COPY a <<E\nE'), ['2:1 BAD_ARGUMENTS']);
  });
});

describe('heredocs of RUN', () => {
  test('one that is all of the command is a script', () => {
    assert.deepEqual(one('RUN', 'RUN <<EOF\necho $A\nEOF').command, { form: 'shell', script: 'echo $A\n' });
    assert.deepEqual(one('RUN', 'RUN --mount=type=cache,target=/c <<-EOF\n\t#!/bin/bash\n\techo\n\tEOF').command, {
      form: 'shell',
      script: '#!/bin/bash\necho\n',
    });
  });

  test('others are left to the shell as they were written', () => {
    assert.deepEqual(one('RUN', 'RUN cat <<A >x && cat <<-"B" >y\n1\nA\n\t2\nB').command, {
      form: 'shell',
      script: 'cat <<A >x && cat <<-"B" >y\n1\nA\n\t2\nB\n',
    });
    assert.deepEqual(one('RUN', 'RUN cat <<A>x\n1\nA').command, { form: 'shell', script: 'cat <<A>x\n1\nA\n' });
  });

  test('a test in brackets may come before one', () => {
    assert.deepEqual(one('RUN', 'RUN [ -f x ] || cat <<A\n1\nA').command, {
      form: 'shell',
      script: '[ -f x ] || cat <<A\n1\nA\n',
    });
    assert.deepEqual(one('RUN', 'RUN ["cat", "<<A"]').command, { form: 'exec', argv: ['cat', '<<A'] });
  });

  test('shifts, here-strings and quoted marks are none', () => {
    for (const line of ['echo $((1 <<2))', 'cat <<<x', 'echo "<<EOF"', "echo '<<EOF'"]) {
      assert.deepEqual(one('RUN', `RUN ${line}`).command, { form: 'shell', script: line });
    }
  });
});

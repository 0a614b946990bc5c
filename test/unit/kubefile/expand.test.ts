import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expandHeredoc, expandWord, expandWords, variablesOf } from '../../../src/kubefile/index.ts';

const at = { file: 'Kubefile', line: 3, column: 5 };
const values: Readonly<Record<string, string>> = {
  PWD: '/home',
  EMPTY: '',
  SPACED: 'one  two',
  VERSION: 'v1.28.3+k3s1',
  PATHS: '/a/b/c.tar.gz',
  QUOTED: '"x"',
  STAR: 'a*b',
};
const scope = (name: string): string | undefined => values[name];
const expand = (text: string, escapedBy: '\\' | '`' = '\\'): string => expandWord({ text, at }, scope, escapedBy);
const split = (text: string): string[] => expandWords({ text, at }, scope, '\\');
const fails = (text: string, code: string): void => {
  assert.throws(() => expand(text), { name: 'SealerError', code, at });
};

/** Word and result, as BuildKit's ProcessWord gives it. */
const WORDS: readonly (readonly [string, string])[] = [
  ['hello', 'hello'],
  ["he'll'o", 'hello'],
  ["he'll\"'o", 'hell"o'],
  ["he\\'llo", "he'llo"],
  ["he\\\\'llo'", 'he\\llo'],
  ['abc\\tdef', 'abctdef'],
  ["'abc\\tdef'", 'abc\\tdef'],
  ['"abc\\tdef"', 'abc\\tdef'],
  ['"abc\\\\def"', 'abc\\def'],
  ['"abc\\"def"', 'abc"def'],
  ['"it\'s"', "it's"],
  ['hello\\', 'hello'],
  ['$', '$'],
  ['a$', 'a$'],
  ['he$PWD.', 'he/home.'],
  ['he${PWD}xx', 'he/homexx'],
  ['he\\$PWD', 'he$PWD'],
  ["'he$PWD'", 'he$PWD'],
  ['"he$PWD"', 'he/home'],
  ['"he\\$PWD"', 'he$PWD'],
  ['he${UNSET:-000}xx', 'he000xx'],
  ['he${PWD:-000}xx', 'he/homexx'],
  ['he${UNSET:-${PWD}}xx', 'he/homexx'],
  ['he${UNSET:-${NEITHER:-${PWD}}}xx', 'he/homexx'],
  ['he${UNSET:-$PWD:yyy}xx', 'he/home:yyyxx'],
  ['he${UNSET:-foo:}xx', 'hefoo:xx'],
  ['he${UNSET:-"a b"}xx', 'hea bxx'],
  ['"${UNSET:-x}"', 'x'],
  ['he${EMPTY:-000}xx', 'he000xx'],
  ['he${EMPTY-000}xx', 'hexx'],
  ['he${UNSET-000}xx', 'he000xx'],
  ['he${PWD:+000}xx', 'he000xx'],
  ['he${EMPTY:+000}xx', 'hexx'],
  ['he${EMPTY+000}xx', 'he000xx'],
  ['he${UNSET:+${PWD}}xx', 'hexx'],
  ['${PWD:?no}', '/home'],
  ['${EMPTY?no}', ''],
  ['$1x', 'x'],
  ['${UNSET}', ''],
  ['$QUOTED', '"x"'],
  ['${VERSION#v}', '1.28.3+k3s1'],
  ['${VERSION/+/-}', 'v1.28.3-k3s1'],
  ['${VERSION%+*}', 'v1.28.3'],
  ['${VERSION%%.*}', 'v1'],
  ['${VERSION//[0-9]/x}', 'v1.28.3+k3s1'],
  ['${PATHS##*/}', 'c.tar.gz'],
  ['${PATHS#*/}', 'a/b/c.tar.gz'],
  ['${PATHS%.*}', '/a/b/c.tar'],
  ['${PATHS//\\//-}', '-a-b-c.tar.gz'],
  ['${PATHS/?b/X}', '/aX/c.tar.gz'],
  ['${STAR#a\\*}', 'b'],
  ['${STAR#x*}', 'a*b'],
  ['${UNSET#x}', ''],
];

describe('expandWord', () => {
  for (const [word, expected] of WORDS) {
    test(`${word} is ${expected}`, () => assert.equal(expand(word), expected));
  }

  test('the escape character of the file is the one that counts', () => {
    assert.equal(expand('C:\\x`$PWD', '`'), 'C:\\x$PWD');
    assert.equal(expand('"a`"b"', '`'), 'a"b');
  });

  test('a variable without its closing brace is an error with its place', () => {
    fails('${PWD', 'BAD_VARIABLE');
    fails('${PWD:-x', 'BAD_VARIABLE');
    fails('"${PWD"', 'BAD_VARIABLE');
    fails('${PWD/x}', 'BAD_VARIABLE');
  });

  test('what is no name between braces is an error', () => {
    for (const text of ['${}', '${:-x}', '${{x}}', '${PWD=x}', '${PWD:x}', '${PWD x}']) fails(text, 'BAD_VARIABLE');
  });

  test('${X:?message} fails with the message when there is no value', () => {
    assert.throws(() => expand('${UNSET:?give it $PWD}'), { code: 'BAD_VARIABLE', message: 'UNSET: give it /home' });
    fails('${EMPTY:?}', 'BAD_VARIABLE');
    fails('${UNSET?}', 'BAD_VARIABLE');
  });

  test('an open quote is an error', () => {
    fails("it's", 'BAD_QUOTES');
    fails('"x', 'BAD_QUOTES');
    fails('${UNSET:-"x}', 'BAD_QUOTES');
  });

  test('values that grow without end are an error, not an empty memory', () => {
    const big = 'x'.repeat(1024 * 1024);
    const grow = (): string => expandWord({ text: '$A$A$A$A$A', at }, () => big, '\\');
    assert.throws(grow, { code: 'BAD_VARIABLE' });
  });

  test('a hostile pattern takes no time', () => {
    const started = performance.now();
    const value = 'a'.repeat(2000);
    expandWord({ text: `\${X#${'*a'.repeat(40)}*b}`, at }, () => value, '\\');
    assert.ok(performance.now() - started < 2000);
  });
});

describe('expandWords', () => {
  test('splits at blanks outside of quotes, also those of values', () => {
    assert.deepEqual(split('a  b "c d" e\\ f'), ['a', 'b', 'c d', 'e f']);
    assert.deepEqual(split('x$SPACED"$SPACED"'), ['xone', 'twoone  two']);
    assert.deepEqual(split(' $EMPTY '), []);
  });
});

describe('expandHeredoc', () => {
  const heredoc = { name: 'EOF', expand: true, content: '', at };
  test('variables are replaced and quotes stay', () => {
    const content = `it's "$PWD" \${UNSET:-x}\n`;
    assert.equal(expandHeredoc({ ...heredoc, content }, scope, '\\'), `it's "/home" x\n`);
  });
  test('only the dollar sign and the escape character can be escaped', () => {
    const content = 'printf "a\\n" \\$PWD \\\\ \\\nnext\n';
    assert.equal(expandHeredoc({ ...heredoc, content }, scope, '\\'), 'printf "a\\n" $PWD \\ \\\nnext\n');
  });
  test('a quoted name keeps everything', () => {
    assert.equal(expandHeredoc({ ...heredoc, expand: false, content: '$PWD ${' }, scope, '\\'), '$PWD ${');
  });
});

test('variablesOf tells what a word reads and what it cannot do without', () => {
  const found = variablesOf({ text: "$A${B:-${C}}${D:+${E}}${F#v}'$G'", at }, '\\');
  assert.deepEqual(found, { names: ['A', 'B', 'C', 'D', 'E', 'F'], required: ['A', 'C', 'F'] });
});

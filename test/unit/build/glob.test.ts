import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSegment, isPattern, splitPattern } from '../../../src/build/context/glob.ts';
import { SealerError } from '../../../src/error.ts';

// The cases of Go's path/filepath match_test.go that stay within one segment.
const CASES: [string, string, boolean][] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'abc', true],
  ['a*b*c*d*e*', 'axbxcxdxe', true],
  ['a*b*c*d*e*', 'axbxcxdxexxx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^b-d]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['[\\]a]', ']', true],
  ['[\\-]', '-', true],
  ['[x\\-]', 'x', true],
  ['[x\\-]', 'z', false],
  ['*x', 'xxx', true],
  ['*', '.hidden', true],
  ['a.b+c', 'a.b+c', true],
  ['a.b', 'axb', false],
];

for (const [pattern, name, expected] of CASES) {
  test(`"${pattern}" ${expected ? 'matches' : 'does not match'} "${name}"`, () => {
    assert.equal(compileSegment(pattern)(name), expected);
  });
}

for (const pattern of ['[]a]', '[-]', '[x-]', '[-x]', '[a-b-c]', '[', '[^', 'a[', 'a\\', '[z-a]']) {
  test(`"${pattern}" is refused as malformed`, () => {
    assert.throws(
      () => compileSegment(pattern),
      (error) => error instanceof SealerError && error.code === 'BAD_ARGUMENTS',
    );
  });
}

test('a star never crosses a slash, because segments are matched one by one', () => {
  assert.deepEqual(splitPattern('./a//b/*.yaml'), ['a', 'b', '*.yaml']);
  assert.ok(isPattern('a/*.yaml') && isPattern('a[b]') && !isPattern('a/b.yaml'));
});

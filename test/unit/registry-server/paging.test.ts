import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkTo, pageOf } from '../../../src/registry/server/paging.ts';

const TAGS = ['a', 'b', 'c', 'd'];
const page = (query: string, limit?: number) => pageOf(TAGS, new URLSearchParams(query), limit);

test('without parameters all is one page', () => {
  assert.deepEqual(page(''), { items: TAGS });
});

test('pages follow one another by their links', () => {
  assert.deepEqual(page('n=3'), { items: ['a', 'b', 'c'], next: 'n=3&last=c' });
  assert.deepEqual(page('n=3&last=c'), { items: ['d'] });
  assert.deepEqual(page('n=4'), { items: TAGS });
  assert.deepEqual(page('last=b'), { items: ['c', 'd'] });
});

test('n=0 is an empty page without a link', () => {
  assert.deepEqual(page('n=0'), { items: [] });
});

test('a page goes on after a tag that was deleted meanwhile', () => {
  assert.deepEqual(page('n=2&last=bb'), { items: ['c', 'd'] });
  assert.deepEqual(page('last=z'), { items: [] });
});

test('no page is longer than the limit', () => {
  assert.deepEqual(page('n=100', 2), { items: ['a', 'b'], next: 'n=2&last=b' });
});

test('n that is no number is refused', () => {
  for (const n of ['x', '-1', '1.5', '']) assert.throws(() => page(`n=${n}`), /not a number/);
});

test('a link is as RFC 5988 has it', () => {
  assert.deepEqual(linkTo('/v2/a/tags/list', 'n=1&last=a'), { Link: '</v2/a/tags/list?n=1&last=a>; rel="next"' });
  assert.deepEqual(linkTo('/v2/a/tags/list', undefined), {});
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ListedLayer, unpackSteps } from '../../../../src/cluster/distribution/unpack-steps.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { OCI_LAYER, OCI_LAYER_GZIP } from '../../../../src/oci/media-types.ts';
import type { IndexEntry } from '../../../../src/oci/tree/index.ts';

const LOW = digestOf('low');
const HIGH = digestOf('high');

function layer(
  digest: typeof LOW,
  entries: readonly string[],
  gone: { readonly whiteouts?: readonly string[]; readonly opaques?: readonly string[] } = {},
): ListedLayer {
  return {
    descriptor: { digest, size: 1, mediaType: digest === LOW ? OCI_LAYER_GZIP : OCI_LAYER },
    index: { entries: entries.map(entryOf), whiteouts: [], opaques: [], ...gone },
  };
}

/** `dir/`, `file`, `link -> target`, `hard => target` */
function entryOf(text: string): IndexEntry {
  const [, path = '', arrow, linkname] = /^(.*?)\/?(?: (->|=>) (.*))?$/.exec(text) ?? [];
  const common = { path, mode: 0o755, size: 0 };
  if (arrow !== undefined)
    return { ...common, type: arrow === '->' ? 'symlink' : 'hardlink', linkname: linkname ?? '' };
  return { ...common, type: text.endsWith('/') ? 'directory' : 'file' };
}

function shown(...layers: readonly ListedLayer[]): string[] {
  return unpackSteps(layers).map(
    ({ verb, value }) =>
      `${verb} ${value.replace(`layers/${hexOf(LOW)}`, 'LOW').replace(`layers/${hexOf(HIGH)}`, 'HIGH')}`,
  );
}

test('whiteouts come before their layer and their markers go after it', () => {
  const low = layer(LOW, ['a/', 'a/x', 'b/', 'b/y']);
  assert.deepEqual(shown(low, layer(HIGH, ['b/', 'b/z'], { whiteouts: ['a/x'], opaques: ['b'] })), [
    'gzip LOW',
    'empty b',
    'remove a/x',
    'none HIGH',
    'remove b/.wh..wh..opq',
    'remove a/.wh.x',
  ]);
});

test('what is of another kind makes room, as tar removes no folders', () => {
  const steps = shown(layer(LOW, ['a/', 'a/x', 'f', 'l -> a']), layer(HIGH, ['a', 'f/', 'l/']));
  assert.deepEqual(steps, ['gzip LOW', 'remove a', 'remove f', 'remove l', 'none HIGH']);
});

test('a later layer writes through a symlink inside the rootfs, and through none that leads out', () => {
  assert.deepEqual(shown(layer(LOW, ['usr/', 'usr/lib/', 'lib -> usr/lib']), layer(HIGH, ['lib/x'])).length, 2);
  for (const target of ['/etc', '../etc', 'x/../../etc']) {
    const low = layer(LOW, ['x/', `lib -> ${target}`]);
    for (const high of [layer(HIGH, ['lib/passwd']), layer(HIGH, [], { whiteouts: ['lib/passwd'] })]) {
      assert.throws(() => shown(low, high), { code: 'UNSAFE_ARCHIVE' }, target);
    }
    assert.throws(() => shown(low, layer(HIGH, ['hard => lib/shadow'])), { code: 'UNSAFE_ARCHIVE' });
  }
  assert.throws(() => shown(layer(LOW, ['a -> b', 'b -> a']), layer(HIGH, ['a/x'])), { code: 'UNSAFE_ARCHIVE' });
});

test('names with line breaks are no steps', () => {
  const low = layer(LOW, ['a\nremove\nb']);
  assert.throws(() => shown(low, layer(HIGH, [], { whiteouts: ['a\nremove\nb'] })), { code: 'UNSAFE_ARCHIVE' });
});

import assert from 'node:assert/strict';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import { readEntries } from '../../../src/oci/tar/index.ts';
import { craft, streamOf } from './craft.ts';

test('whiteouts and opaque folders are told from files', async () => {
  const bytes = craft(
    { name: 'd/.wh.gone' },
    { name: 'd/.wh..wh..opq' },
    { name: '.wh..wh..opq' },
    { name: 'd/.whale' },
  );
  const seen: string[] = [];
  for await (const { type, path } of readEntries(streamOf(bytes))) seen.push(`${type} ${path}`);
  assert.deepEqual(seen, ['whiteout d/gone', 'opaque d', 'opaque ', 'file d/.whale']);
});

test('content is read, skipped, or left half-way, and the next entry comes all the same', async () => {
  const content = 'x'.repeat(300_000);
  const names = ['whole', 'skipped', 'left', 'whole', 'empty'];
  const bytes = craft(...names.map((name) => ({ name, content: name === 'empty' ? '' : content })), {
    name: 'd',
    flag: '5',
  });
  for (const pieceBytes of [700, 64 * 1024, 2 ** 20]) {
    const seen: string[] = [];
    for await (const entry of readEntries(streamOf(bytes, pieceBytes))) {
      seen.push(entry.path);
      if (entry.path === 'whole' || entry.path === 'empty') {
        assert.equal((await buffer(entry.content)).byteLength, entry.size);
      }
      if (entry.path === 'left') {
        for await (const chunk of entry.content) {
          assert.ok(chunk.byteLength > 0);
          break;
        }
      }
    }
    assert.deepEqual(seen, [...names, 'd'], `pieces of ${pieceBytes}`);
  }
});

test('leaving the entries half-way closes the stream', async () => {
  const stream = streamOf(craft({ name: 'a', content: 'x' }, { name: 'b', content: 'x' }), 512);
  for await (const entry of readEntries(stream)) {
    assert.equal(await text(entry.content), 'x');
    break;
  }
  assert.ok(stream.destroyed);
});

test('names are cleaned', async () => {
  const bytes = craft({ name: './', flag: '5' }, { name: './a//b/', flag: '5' }, { name: '/etc/./x' });
  const seen: string[] = [];
  for await (const { path } of readEntries(streamOf(bytes))) seen.push(path);
  assert.deepEqual(seen, ['a/b', 'etc/x']);
});

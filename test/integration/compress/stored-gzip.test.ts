/** gzip of stored blocks, read by gzips that are not ours. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { storeAsGzip } from '../../../src/oci/compress/index.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../../../src/oci/tar/index.ts';
import { noise, temporaryFolder } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';

const content = noise(1_000_001, 'stored');

/** A tar of one file, as a layer around a blob is. */
async function writeLayer(file: string): Promise<void> {
  const size = content.byteLength;
  const head = encodeHeader({ path: 'blob', type: 'file', mode: 0o644, size, mtime: 0 });
  const gzip = storeAsGzip({ head, size, tail: Buffer.concat([paddingOf(size), END_OF_ARCHIVE]) });
  const pieces = [...gzip.start(), ...gzip.wrap(content), ...gzip.end()];
  await writeFile(file, Buffer.concat(pieces.map(({ bytes }) => bytes)));
}

for (const [tool, args] of [
  ['gzip', ['-t']],
  ['pigz', ['-t']],
  ['python3', ['-c', 'import gzip, sys; gzip.open(sys.argv[1]).read()']],
  ['bsdtar', ['-tzf']],
] as const) {
  test(`${tool} finds it whole`, { skip: needs(tool) }, async () => {
    await using folder = await temporaryFolder('stored-gzip');
    const file = join(folder.path, 'layer.tar.gz');
    await writeLayer(file);
    await runTool(tool, [...args, file]);
  });
}

test('GNU tar unpacks it', { skip: needs('tar', 'gzip') }, async () => {
  await using folder = await temporaryFolder('stored-gzip');
  const file = join(folder.path, 'layer.tar.gz');
  await writeLayer(file);
  await runTool('tar', ['-xzf', file, '-C', folder.path]);
  assert.deepEqual(await readFile(join(folder.path, 'blob')), content);
});

/** helm and kubectl: the order in which they are looked for. */

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findTool } from '../../../src/render/index.ts';

const folder = await mkdtemp(join(tmpdir(), 'sealer-find-tool-'));
after(() => rm(folder, { recursive: true }));

async function program(name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, 0o755);
  return file;
}

test('the variable comes before PATH', async () => {
  const [helm, other] = [await program('helm'), await program('other')];
  const toolsFolder = join(folder, 'tools');
  assert.equal(await findTool('helm', { env: { PATH: folder }, toolsFolder }), helm);
  assert.equal(await findTool('helm', { env: { PATH: folder, SEALER_HELM: other }, toolsFolder }), other);
});

test('a variable that names nothing is an error, and not a way to another helm', async () => {
  const env = { PATH: folder, SEALER_HELM: join(folder, 'gone'), SEALER_KUBECTL: folder };
  const toolsFolder = join(folder, 'tools');
  await assert.rejects(findTool('helm', { env, toolsFolder }), {
    code: 'HELM_NOT_FOUND',
    message: /\$SEALER_HELM names/,
  });
  await assert.rejects(findTool('kubectl', { env, toolsFolder }), { code: 'KUBECTL_NOT_FOUND' });
});

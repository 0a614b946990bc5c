/** A launch finds helm and kubectl by their plain names, wherever they were found. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findExecutable } from '../../../src/process/find-executable.ts';
import { toolPath } from '../../../src/rehearsal/tool-path.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';

test('a tool whose file has another name is found by its plain name, before another one of PATH', async (t) => {
  const folder = await folderOf(t);
  const programs = { 'kept/helm-c81da862': '#!/bin/sh\n', 'bin/helm': '#!/bin/sh\n', 'bin/kubectl': '#!/bin/sh\n' };
  writeFiles(folder, programs, Object.keys(programs));
  const links = join(folder, 'links');
  mkdirSync(links);
  const env = { PATH: join(folder, 'bin'), SEALER_HELM: join(folder, 'kept/helm-c81da862') };
  const path = await toolPath(links, { env, toolsFolder: join(folder, 'tools') });
  assert.equal(await findExecutable('helm', path), join(links, 'helm'));
  assert.equal(readlinkSync(join(links, 'helm')), env.SEALER_HELM);
  assert.equal(await findExecutable('kubectl', path), join(folder, 'bin/kubectl'));
  assert.deepEqual(readdirSync(links), ['helm'], 'what PATH finds stays as it is');
});

test('a tool that is nowhere is no failure: not every launch needs it', async (t) => {
  const folder = await folderOf(t);
  const env = { PATH: '', SEALER_HELM: join(folder, 'absent'), SEALER_KUBECTL: join(folder, 'absent') };
  assert.equal(await toolPath(folder, { env, toolsFolder: folder }), folder);
  assert.deepEqual(readdirSync(folder), []);
});

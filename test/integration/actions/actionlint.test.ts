/** Our workflows, read by somebody else: contexts, types of expressions, inputs of actions, shell scripts. */

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite, test } from 'node:test';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');

suite('actionlint', { skip: needs('actionlint') }, () => {
  const workflows = globSync('.github/workflows/*.{yml,yaml}', { cwd: PROJECT });

  for (const workflow of workflows) {
    test(`finds nothing in ${workflow}`, async () => {
      assert.equal(await runTool('actionlint', ['-no-color', join(PROJECT, workflow)], { cwd: PROJECT }), '');
    });
  }

  test('finds an input that our action does not have', async () => {
    await using folder = await temporaryFolder('actionlint');
    const step = { uses: './', with: { 'no-such-input': 'x' } };
    const jobs = { one: { 'runs-on': 'ubuntu-24.04', steps: [step] } };
    writeFiles(folder.path, {
      '.git/HEAD': 'ref: refs/heads/main\n',
      'action.yml': 'name: a\ndescription: a\nruns: { using: composite, steps: [] }\n',
      '.github/workflows/w.yml': JSON.stringify({ on: 'push', jobs }),
    });
    await assert.rejects(
      runTool('actionlint', ['-no-color', '.github/workflows/w.yml'], { cwd: folder.path }),
      /no-such-input/,
    );
  });
});

/** Our workflows, read by somebody else: contexts, types of expressions, inputs of actions, shell scripts. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { ourActions, ourFiles, ourWorkflows, PROJECT } from '../../lab/workflow/ours.ts';

suite('actionlint', { skip: needs('actionlint') }, () => {
  test('finds nothing in our workflows', async () => {
    const files = ourWorkflows().map(({ name }) => join(PROJECT, name));
    assert.ok(files.length > 0);
    assert.equal(await runTool('actionlint', ['-no-color', ...files], { cwd: PROJECT }), '');
  });

  for (const { name, text } of ourFiles().filter(({ kind }) => kind === 'printed workflow')) {
    test(`finds nothing in ${name}`, async () => {
      await using folder = await temporaryFolder('actionlint');
      // Beside our actions, by their folders, so that their inputs are looked at.
      writeFiles(folder.path, {
        '.git/HEAD': 'ref: refs/heads/main\n',
        ...Object.fromEntries([...ourActions(), ...ourWorkflows()].map((each) => [each.name, each.text])),
        '.github/workflows/printed.yml': text
          .replaceAll(/sealer\/build((?:\/[\w.-]+)*)@v1\b/g, './$1')
          .replaceAll('.//', './'),
      });
      const said = await runTool('actionlint', ['-no-color', '.github/workflows/printed.yml'], { cwd: folder.path });
      assert.equal(said, '');
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

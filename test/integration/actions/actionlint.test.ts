/** Our workflows, read by somebody else: contexts, types of expressions, inputs of actions, shell scripts. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { ourActions, ourFiles, ourWorkflows } from '../../lab/workflow/ours.ts';

suite('actionlint', { skip: needs('actionlint') }, () => {
  for (const { name, text, kind } of ourFiles().filter((each) => each.kind !== 'action')) {
    test(`finds nothing in ${name}`, async () => {
      await using folder = await temporaryFolder('actionlint');
      const file = kind === 'workflow' ? name : '.github/workflows/printed.yml';
      // Beside our actions, and with these named by their folders, so that their inputs are looked at.
      writeFiles(folder.path, {
        '.git/HEAD': 'ref: refs/heads/main\n',
        ...Object.fromEntries([...ourActions(), ...ourWorkflows()].map((each) => [each.name, byFolder(each.text)])),
        [file]: byFolder(text),
      });
      assert.equal(await runTool('actionlint', ['-no-color', file], { cwd: folder.path }), '');
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

/** `sealer/build/actions/run@v1`, and `$/actions/run`, which actionlint does not know yet, as `./actions/run`. */
function byFolder(text: string): string {
  return text
    .replaceAll(/\bsealer\/build((?:\/[\w.-]+)*)@v1\b/g, (_, path: string) => `.${path === '' ? '/' : path}`)
    .replaceAll(/\buses: \$\//g, 'uses: ./');
}

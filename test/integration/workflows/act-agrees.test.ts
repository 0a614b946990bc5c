/** Our runner for workflows and somebody else's (act) make the same of one workflow. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gitIn } from '../../lab/git.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { findTool, needs } from '../../lab/tools.ts';
import { push } from '../../lab/workflow/events.ts';
import { runWorkflow } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';

const FILE = '.github/workflows/w.yml';

/** Every line that begins with SAY is compared. */
const WORKFLOW = `
on: push
defaults: { run: { shell: bash } }
env: { TOP: "\${{ github.event_name }}" }
jobs:
  plan:
    runs-on: ubuntu-24.04
    outputs:
      cells: \${{ steps.plan.outputs.cells }}
      empty: \${{ steps.plan.outputs.nothing }}
    steps:
      - id: plan
        run: |
          echo 'cells=[{"name":"a","arch":"amd64"},{"name":"b","arch":"arm64"}]' >> "$GITHUB_OUTPUT"
          printf 'long<<END\\none\\ntwo\\nEND\\n' >> "$GITHUB_OUTPUT"
      - env: { LONG: "\${{ steps.plan.outputs.long }}" }
        run: echo "SAY long is \${LONG//$'\\n'/,}"
      - run: echo "FROM_FILE=$TOP" >> "$GITHUB_ENV"
      - { if: env.FROM_FILE == 'PUSH', run: 'echo "SAY from file $FROM_FILE"' }
      - { if: env.FROM_FILE == 'other', run: echo SAY never }
  build:
    needs: plan
    runs-on: ubuntu-24.04
    strategy:
      fail-fast: false
      matrix: { include: "\${{ fromJSON(needs.plan.outputs.cells) }}" }
    env: { NAME: "\${{ format('{0}-{1}', matrix.name, matrix.arch) }}" }
    steps:
      - run: echo "SAY build $NAME"
      - { if: matrix.arch == 'arm64', run: echo "SAY only $NAME" }
  combine:
    runs-on: ubuntu-24.04
    strategy:
      fail-fast: false
      matrix:
        one: [1, 2]
        two: [x, y]
        exclude: [{ one: 1, two: y }]
    steps:
      - { env: { ONE: "\${{ matrix.one }}", TWO: "\${{ matrix.two }}" }, run: 'echo "SAY combine $ONE$TWO"' }
  broken:
    runs-on: ubuntu-24.04
    steps:
      - { id: soft, continue-on-error: true, run: exit 7 }
      - env: { OUTCOME: "\${{ steps.soft.outcome }}", CONCLUSION: "\${{ steps.soft.conclusion }}" }
        run: echo "SAY soft $OUTCOME $CONCLUSION"
      - run: exit 1
      - run: echo SAY never
      - { if: failure(), run: echo SAY after a failure }
      - { if: always(), run: echo SAY always }
  after: { needs: broken, runs-on: ubuntu-24.04, steps: [{ run: echo SAY never }] }
  mourn:
    needs: [broken, plan]
    if: \${{ always() && needs.broken.result == 'failure' && needs.plan.result == 'success' }}
    runs-on: ubuntu-24.04
    steps:
      - { env: { EMPTY: "\${{ needs.plan.outputs.empty || 'nothing' }}" }, run: 'echo "SAY mourn $EMPTY"' }
  idle: { needs: plan, if: needs.plan.outputs.empty, runs-on: ubuntu-24.04, steps: [{ run: echo SAY never }] }
`;

test('a workflow says the same under act and under our runner', { skip: needs('act', 'git') }, async () => {
  await using folder = await temporaryFolder('act-agrees');
  const tree = join(folder.path, 'tree');
  writeFiles(tree, { [FILE]: WORKFLOW });
  const { resolver } = standIns({ tree, release: tree, artifacts: join(folder.path, 'artifacts') });
  const world = { env: {}, runtime: {}, folder: join(folder.path, 'run'), resolver };
  const ours = await runWorkflow({ ...world, tree, file: FILE, happening: push() });
  const theirs = await act(tree, join(folder.path, 'home'));
  const said = linesOf(ours.log);
  assert.deepEqual(said, linesOf(theirs));
  assert.equal(said.length, 12, said.join('\n'));
  assert.doesNotMatch(said.join(), /never/);
});

function linesOf(log: string): readonly string[] {
  return [...log.matchAll(/^(?:\[.*\]\s+\|\s)?(SAY .*)$/gm)].map(([, line = '']) => line).sort();
}

/** Runs the push event on this machine itself, without a network. */
async function act(tree: string, home: string): Promise<string> {
  mkdirSync(home);
  gitIn(tree, 'init', '-q');
  gitIn(tree, 'add', '-A');
  gitIn(tree, 'commit', '-q', '-m', 'one');
  const flags = ['push', '-P', 'ubuntu-24.04=-self-hosted', '--no-cache-server', '--action-offline-mode'];
  const child = spawn(findTool('act') ?? 'act', flags, {
    cwd: tree,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  await new Promise((done) => child.on('close', done));
  return log;
}

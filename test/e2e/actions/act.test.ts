/** The root action in a workflow, run by act on this machine: another reading of what GitHub's runner does than ours. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { bundle } from '../../../bundle.ts';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { PROJECT } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { findTool, needs } from '../../lab/tools.ts';

const WORKFLOW = (tag: string): string => `
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - id: sealer
        uses: ./
        with:
          context: deploy
          tags: ${tag}
          push: true
          build-args: |
            GREETING=hello, act
      - env:
          DIGEST: \${{ steps.sealer.outputs.digest }}
          REFS: \${{ steps.sealer.outputs.refs }}
        run: echo "outputs are $DIGEST and $REFS."
`;

test('uses: ./ builds, pushes and hands on its outputs under act', { skip: needs('act', 'git') }, async () => {
  await using folder = await temporaryFolder('act');
  await using registry = await serveRegistry({ storage: folderStorage(join(folder.path, 'registry')) });
  const repository = join(folder.path, 'repository');
  await mkdir(repository);
  cpSync(join(PROJECT, 'action.yml'), join(repository, 'action.yml'));
  await bundle(join(repository, 'dist'));
  writeFiles(repository, {
    'deploy/Kubefile': 'FROM scratch\nARG GREETING\nCOPY seed bin/seed\nRUN echo "$GREETING" > etc-greeting\n',
    'deploy/seed': 'x',
    '.github/workflows/build.yml': WORKFLOW(`${registry.address}/act/shop:v1`),
  });
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: repository });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'one');

  const { code, log } = await runAct(repository, folder.path);
  assert.equal(code, 0, log);
  const [, digest, refs] = /outputs are (sha256:[a-f0-9]{64}) and (\S+)\.$/m.exec(log) ?? [];
  assert.equal(refs, `${registry.address}/act/shop@${digest}`, log);
  const response = await fetch(`${registry.url}/v2/act/shop/manifests/v1`, { method: 'HEAD' });
  assert.equal(response.headers.get('docker-content-digest'), digest);
  assert.match(log, /Cluster image/, 'the job summary');
  assert.deepEqual(log.match(/the stub runs, with .*/g), ['the stub runs, with a script']);
});

/** Runs the push event on this machine itself, without a network. */
async function runAct(repository: string, home: string): Promise<{ code: number; log: string }> {
  const flags = [
    ...['push', '-P', 'ubuntu-latest=-self-hosted', '--no-cache-server', '--action-offline-mode'],
    ...['--action-cache-path', join(home, 'actions')],
    // act does checkout itself, by copying. It fetches every other action that a step could use before it looks at the step's condition.
    ...actionStubs(home),
  ];
  const child = spawn(findTool('act') ?? 'act', flags, {
    cwd: repository,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      SEALER_HOME: join(home, 'store'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const code = await new Promise<number>((done) => child.on('close', (exit) => done(exit ?? -1)));
  return { code, log };
}

/**
 * An action that fails, in the place of those that ours uses: setup-node is not to run, as the Node.js on PATH is new
 * enough, and without github-script there is no cache, which fails no build.
 */
function actionStubs(home: string): readonly string[] {
  const stub = join(home, 'stub');
  writeFiles(stub, {
    'action.yml':
      'name: stub\ndescription: stub\ninputs:\n  script: { description: stub }\nruns:\n  using: node24\n  main: index.js\n',
    'index.js':
      "console.log(`the stub runs, with ${process.env.INPUT_SCRIPT ? 'a' : 'no'} script`);\nprocess.exit(1);\n",
  });
  const action = load(readFileSync(join(PROJECT, 'action.yml'), 'utf8')) as { runs: { steps: { uses?: string }[] } };
  return action.runs.steps.flatMap(({ uses }) => (uses === undefined ? [] : ['--local-repository', `${uses}=${stub}`]));
}

/** versions.yml, run: against a mirror of upstream, a repository on this machine, and a stand-in for gh that remembers one pull request. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Mirror, startMirror } from '../../lab/base-images/mirror.ts';
import { sha256, upstreamFiles } from '../../lab/base-images/upstream.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { schedule } from '../../lab/workflow/events.ts';
import { type EndedRun, runWorkflow } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';
import { copyTree, makeRepository, npmStandIn, pathWith } from '../../lab/workflow/tree.ts';
import { parseWorkflowFile } from '../../lab/workflow/workflow-file.ts';

const FILE = '.github/workflows/versions.yml';
const TOKEN = 'ghs_versions_token';
const BRANCH = 'base-image-versions';

/** Knows one pull request once it was created; bodies are kept where the first word of what was asked says. */
const GH = (folder: string): string => `
[ "$GH_TOKEN" = ${TOKEN} ]
echo "gh $1 $2 \${3-}" >> '${folder}/told'
case "$1 $2" in
  'pr list') if [ -e '${folder}/create.md' ]; then echo 7; fi ;;
  'pr create' | 'pr edit')
    verb="$2"
    while [ $# -gt 0 ]; do [ "$1" != --body-file ] || cp "$2" "${folder}/$verb.md"; shift; done ;;
esac
`;

suite('versions.yml', { skip: needs('git', 'jq') }, () => {
  const stack = new AsyncDisposableStack();
  let root = '';
  let bare = '';
  let mirror: Mirror;
  let count = 0;

  before(async () => {
    root = stack.use(await temporaryFolder('versions-workflow')).path;
    const tree = join(root, 'tree');
    bare = join(root, 'bare.git');
    mkdirSync(join(root, 'gh'));
    mirror = stack.use(await startMirror(await upstreamFiles()));
    copyTree(tree, (name, text) =>
      name === 'images/k3s/versions.yaml' ? text.replace(/^channels:.*$/m, 'channels: [stable]') : text,
    );
    // What kubeadm's container images are, no registry here knows.
    for (const image of ['k0s', 'kubeadm']) rmSync(join(tree, 'images', image), { recursive: true });
    makeRepository(tree, bare);
  });
  after(() => stack.disposeAsync());

  const git = (...args: string[]): string => execFileSync('git', args, { cwd: bare, encoding: 'utf8' }).trim();
  const run = async (): Promise<EndedRun> => {
    count += 1;
    const home = join(root, `home-${count}`);
    mkdirSync(home);
    const { resolver } = standIns({ tree: bare, release: bare, artifacts: join(root, `artifacts-${count}`) });
    const mirrors = Object.entries(mirror.mirrors).map((each) => each.join('='));
    return await runWorkflow({
      ...{
        tree: join(root, 'tree'),
        file: FILE,
        happening: schedule('47 4 * * *'),
        resolver,
      },
      runtime: {},
      folder: join(root, `jobs-${count}`),
      env: {
        HOME: home,
        SEALER_HOME: join(home, 'store'),
        SEALER_MIRRORS: mirrors.join(','),
        GIT_CONFIG_GLOBAL: join(home, 'gitconfig'),
      },
      path: pathWith(join(root, 'bin'), { npm: npmStandIn(join(root, 'npm')), gh: GH(join(root, 'gh')) }),
      setting: { token: TOKEN },
    });
  };
  const told = (): string => readFileSync(join(root, 'gh', 'told'), 'utf8');

  test('what is new becomes a branch and one pull request, with links to what upstream says', async () => {
    const first = await run();
    assert.ok(first.success, first.log);
    assert.equal(git('rev-list', '--count', `main..${BRANCH}`), '1');
    assert.equal(git('diff', '--name-only', 'main', BRANCH), 'images/k3s/versions.yaml');
    assert.match(git('show', `${BRANCH}:images/k3s/versions.yaml`), /version: v1\.20\.2\+k3s1/);
    const body = readFileSync(join(root, 'gh', 'create.md'), 'utf8');
    assert.match(
      body,
      /\[`v1\.20\.2\+k3s1`\]\(https:\/\/github\.com\/k3s-io\/k3s\/releases\/tag\/v1\.20\.2%2Bk3s1\) is new/,
    );
    assert.ok(!first.log.includes(TOKEN), 'the token is nowhere');
    const { permissions: asking } = parseWorkflowFile(readFileSync(join(root, 'tree', FILE), 'utf8')).jobs.ask ?? {};
    assert.deepEqual(asking, { contents: 'read' }, 'what runs programs of others can write nowhere');
  });

  test('the next day the branch that has it all stays as it is, and there is still one pull request', async () => {
    const before = git('rev-parse', BRANCH);
    const second = await run();
    assert.ok(second.success, second.log);
    assert.equal(git('rev-parse', BRANCH), before);
    assert.equal(told().match(/gh pr create/g)?.length, 1);
    assert.match(told(), /gh pr edit 7/);
  });

  test('something newer is pushed to the same branch', async () => {
    const list = 'github.com/k3s-io/k3s/releases/download/v1.20.2+k3s1/sha256sum-arm64.txt';
    const text = Buffer.from(mirror.files.get(list) ?? '').toString();
    mirror.files.set(list, Buffer.from(text.replace(/^[0-9a-f]{64}/, sha256('another'))));
    const third = await run();
    assert.ok(third.success, third.log);
    assert.match(git('show', `${BRANCH}:images/k3s/versions.yaml`), new RegExp(sha256('another')));
    assert.equal(git('rev-list', '--count', `main..${BRANCH}`), '1');
  });

  test('an upstream that does not answer makes the job red, and nothing is made up', async () => {
    const before = git('rev-parse', BRANCH);
    mirror.files.clear();
    writeFileSync(join(root, 'gh', 'told'), '');
    const failed = await run();
    assert.equal(failed.success, false);
    assert.match(failed.log, /DOWNLOAD_FAILED/);
    assert.equal(git('rev-parse', BRANCH), before);
    assert.equal(told(), '');
    assert.ok(existsSync(join(root, 'gh', 'create.md')));
  });
});

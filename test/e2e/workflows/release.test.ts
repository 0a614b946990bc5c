/**
 * release.yml, run: from a repository on this machine, with stand-ins for npm's registry, gh and docker, which write down what they are
 * asked for.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { dispatch } from '../../lab/workflow/events.ts';
import { type EndedRun, runWorkflow, type WorkflowRunOptions } from '../../lab/workflow/run-workflow.ts';
import { type Asked, standIns } from '../../lab/workflow/stand-ins.ts';
import { copyTree, makeRepository, npmStandIn, pathWith } from '../../lab/workflow/tree.ts';

const FILE = '.github/workflows/release.yml';
const TOKEN = 'ghs_release_token';

/** The stand-ins tell what they were asked for, and never see the token in their arguments. */
const GH = (told: string): string => `
echo "gh $*" >> '${told}'
[ "$GH_TOKEN" = ${TOKEN} ]
case "$2" in
  view)
    if [ -e '${told}.draft' ]; then echo true
    else grep -qF "gh release create $3" '${told}' && echo false; fi ;;
  delete) rm '${told}.draft' ;;
  create) while [ $# -gt 0 ]; do [ "$1" != --notes-file ] || cat "$2" >> '${told}'; shift; done ;;
esac
`;
const DOCKER = (told: string): string => `
echo "docker $*" >> '${told}'
case "$1" in login) grep -qxF ${TOKEN} ;; esac
`;

interface Setting extends AsyncDisposable {
  readonly bare: string;
  readonly artifacts: string;
  readonly asked: readonly Asked[];
  told(): string;
  /** As a job leaves it that is killed while gh uploads. */
  leaveDraft(): void;
  run(options?: Partial<WorkflowRunOptions>, inputs?: Readonly<Record<string, boolean>>): Promise<EndedRun>;
  git(...args: string[]): string;
}

async function openSetting(): Promise<Setting> {
  const folder = await temporaryFolder('release');
  const [tree, bare, artifacts, told] = ['tree', 'bare.git', 'artifacts', 'told'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string, string];
  mkdirSync(artifacts);
  writeFileSync(told, '');
  copyTree(tree, (name, text) => {
    if (name === 'CHANGELOG.md')
      return text.replace('## Unreleased', '## Unreleased\n\n## 1.2.3\n\n- Something new\n\n## 1.2.2\n');
    if (name !== 'package.json') return text;
    const repository = { type: 'git', url: 'git+https://github.com/sealer/build.git' };
    return JSON.stringify({ ...JSON.parse(text), version: '1.2.3', repository });
  });
  makeRepository(tree, bare);
  const { asked, resolver } = standIns({
    ...{ tree: bare, release: tree, artifacts },
    others: { 'actions/attest': async () => ({ code: 0, outputs: new Map() }) },
  });
  const path = pathWith(join(folder.path, 'bin'), { npm: npmStandIn(told), gh: GH(told), docker: DOCKER(told) });
  const env = { GIT_CONFIG_GLOBAL: '/dev/null', npm_config_update_notifier: 'false' };
  return {
    ...{ bare, artifacts, asked },
    told: () => readFileSync(told, 'utf8'),
    leaveDraft: () => writeFileSync(`${told}.draft`, ''),
    run: (options, inputs = { 'dry-run': false }) =>
      runWorkflow({
        ...{
          tree,
          file: FILE,
          happening: dispatch(inputs),
          env,
          runtime: {},
          folder: join(folder.path, 'jobs'),
          path,
          resolver,
        },
        setting: { token: TOKEN },
        ...options,
      }),
    git: (...args) => execFileSync('git', args, { cwd: bare, encoding: 'utf8' }).trim(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

suite('release.yml', { skip: needs('git') }, () => {
  let setting: Setting;
  let digest = '';
  before(async () => {
    setting = await openSetting();
  });
  after(() => setting[Symbol.asyncDispose]());

  test('a dry run builds twice, finds no difference, and publishes nothing', async () => {
    const run = await setting.run({}, {});
    assert.ok(run.success, run.log);
    const results = Object.values(run.jobs).map(({ id, result }) => `${id}: ${result}`);
    assert.deepEqual(results.sort(), [
      'build: success',
      'compare: success',
      'host-image: skipped',
      'move: skipped',
      'npm: skipped',
      'plan: success',
      'publish: skipped',
    ]);
    assert.deepEqual(run.jobs.plan?.outputs, {
      version: '1.2.3',
      tag: 'v1.2.3',
      'is-prerelease': 'false',
    });
    digest = run.jobs.compare?.outputs.digest ?? '';
    assert.match(digest, /^[a-f0-9]{64}$/);
    assert.ok(existsSync(join(setting.artifacts, 'release/sealer-1.2.3.tgz')));
    assert.equal(setting.git('tag'), '');
    assert.equal(setting.told(), '');
  });

  /** The jobs after the build, whose artifacts are there. */
  const rest = (only: readonly string[]): Partial<WorkflowRunOptions> => ({
    only: ['plan', ...only],
    assumed: { compare: { outputs: { digest } } },
  });

  test('what was altered after it was compared is not published', async () => {
    const run = await setting.run({
      ...rest(['publish', 'npm']),
      assumed: { compare: { outputs: { digest: 'f'.repeat(64) } } },
    });
    assert.equal(run.jobs.publish?.result, 'failure');
    assert.match(run.log, /not the build that was compared/);
    assert.equal(run.jobs.npm?.result, 'skipped');
    assert.equal(setting.git('tag'), '');
  });

  test('a release tags a commit with dist/, makes the release with its notes, publishes to npm, then moves v1 and v1.2', async () => {
    const run = await setting.run(rest(['publish', 'npm', 'host-image', 'move']));
    assert.ok(run.success, run.log);
    const commit = run.jobs.publish?.outputs.commit ?? '';
    for (const tag of ['v1.2.3', 'v1', 'v1.2']) assert.equal(setting.git('rev-parse', tag), commit, tag);
    assert.equal(setting.git('rev-parse', `${commit}^`), setting.git('rev-parse', 'main'));
    assert.match(setting.git('ls-tree', '--name-only', commit, 'dist/'), /^dist\/build\.cjs$/m);
    assert.equal(setting.git('ls-tree', 'main', 'dist'), '');
    const built = setting.git('hash-object', '--no-filters', join(setting.artifacts, 'release/dist/build.cjs'));
    assert.equal(setting.git('rev-parse', `${commit}:dist/build.cjs`), built);
    assert.deepEqual(
      setting
        .told()
        .split('\n')
        .filter((line) => !line.startsWith('docker login')),
      [
        'gh release view v1.2.3 --json isDraft --jq .isDraft',
        'gh release create v1.2.3 --verify-tag --title v1.2.3 --notes-file NOTES --prerelease=false --latest=true release-files/sealer-1.2.3.tgz',
        '- Something new',
        'npm view sealer@1.2.3 version',
        'npm publish release-files/sealer-1.2.3.tgz --provenance --access public --ignore-scripts --tag latest',
        ...['amd64', 'arm64'].flatMap((arch) => [
          `docker build --pull -t ghcr.io/sealer/host:v1.2.3-${arch} images/host`,
          `docker push ghcr.io/sealer/host:v1.2.3-${arch}`,
        ]),
        ...['v1.2.3', 'v1', 'v1.2'].map(
          (name) =>
            `docker buildx imagetools create --tag ghcr.io/sealer/host:${name} ghcr.io/sealer/host:v1.2.3-amd64 ghcr.io/sealer/host:v1.2.3-arm64`,
        ),
        '',
      ].map((line) => line.replace('NOTES', /--notes-file (\S+)/.exec(setting.told())?.[1] ?? '?')),
    );
    const attested = setting.asked.find(({ uses }) => uses === 'actions/attest');
    assert.match(attested?.inputs['subject-path'] ?? '', /release-files\/dist\/\*\nrelease-files\/\*\.tgz/);
    assert.ok(!`${setting.told()}${run.log}`.includes(TOKEN), 'the token is nowhere');
  });

  test('run again after it broke, it does nothing twice', async () => {
    const commit = setting.git('rev-parse', 'v1.2.3');
    const count = (): number => setting.told().match(/gh release create|npm publish/g)?.length ?? 0;
    const before = count();
    const run = await setting.run(rest(['publish', 'npm', 'host-image', 'move']));
    assert.ok(run.success, run.log);
    assert.equal(run.jobs.publish?.outputs.commit, commit);
    assert.equal(count(), before);
  });

  test('a draft that a broken run left is made anew, not taken for the release', async () => {
    setting.leaveDraft();
    const from = setting.told().length;
    const run = await setting.run(rest(['publish']));
    assert.ok(run.success, run.log);
    assert.match(setting.told().slice(from), /gh release delete v1\.2\.3 --yes\ngh release create v1\.2\.3 /);
  });

  test('run again when a later release is out, it takes nobody back', async () => {
    const later = setting.git('commit-tree', '-m', 'Release v1.2.4', 'main^{tree}');
    for (const tag of ['v1.2.4', 'v1.2', 'v1']) setting.git('tag', '--force', tag, later);
    setting.leaveDraft();
    const from = setting.told().length;
    // Of a run that was planned, and broke off, before there was v1.2.4.
    const plan = { outputs: { version: '1.2.3', tag: 'v1.2.3', moving: 'v1 v1.2', 'npm-tag': 'latest' } };
    const only = ['publish', 'npm', 'host-image', 'move'];
    const run = await setting.run({ only, assumed: { plan, compare: { outputs: { digest } } } });
    assert.ok(run.success, run.log);
    for (const tag of ['v1', 'v1.2']) assert.equal(setting.git('rev-parse', tag), later, tag);
    const told = setting.told().slice(from);
    assert.match(told, /gh release create v1\.2\.3 .*--latest=false/);
    assert.deepEqual(told.match(/imagetools create --tag \S+/g), [
      'imagetools create --tag ghcr.io/sealer/host:v1.2.3',
    ]);
  });

  test('two builds that differ stop everything, and the file is named', async () => {
    writeFiles(setting.artifacts, { 'release-again/dist/push.cjs': 'something else' });
    const run = await setting.run({ only: ['plan', 'compare', 'publish', 'npm', 'host-image', 'move'] });
    assert.equal(run.jobs.compare?.result, 'failure');
    assert.match(run.log, /dist\/push\.cjs differs/);
    assert.equal(run.jobs.publish?.result, 'skipped');
    assert.equal(run.jobs['host-image']?.result, 'skipped');
  });
});

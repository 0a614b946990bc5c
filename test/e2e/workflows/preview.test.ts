/**
 * The preview that README prints, run exactly as it is printed, with GitHub's API on this machine: events that need no
 * cluster. Those that make one are in test/e2e/hosts/preview.test.ts.
 */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { bundle } from '../../../bundle.ts';
import { namePreview } from '../../../src/ci/preview/index.ts';
import { ACTIONS_BOT, type LabGithub, type LabPull, labGithub } from '../../lab/github/index.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { type Happening, pullRequest, schedule } from '../../lab/workflow/events.ts';
import { PROJECT, printedWorkflows } from '../../lab/workflow/ours.ts';
import { type EndedRun, runWorkflow } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';

const REPOSITORY = 'someone/shop';
const DAY = 24 * 3_600_000;

suite('README: preview', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let lab: LabGithub;
  let runs = 0;
  before(async () => {
    folder = await temporaryFolder('preview');
    lab = await labGithub({ repository: REPOSITORY, basePath: '/api/v3' });
    const release = join(folder.path, 'release');
    mkdirSync(release);
    cpSync(join(PROJECT, 'actions'), join(release, 'actions'), { recursive: true });
    await bundle(join(release, 'dist'));
  });
  after(async () => {
    assert.deepEqual(lab.mistakes, []);
    await lab[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function run(happening: Happening): Promise<EndedRun> {
    const page = readFileSync(join(PROJECT, 'README.md'), 'utf8');
    const printed = printedWorkflows(page).find(({ name }) => name === 'README.md: preview');
    assert.ok(printed !== undefined, 'README prints it');
    const root = join(folder.path, `run-${++runs}`);
    const [tree, artifacts] = [join(root, 'tree'), join(root, 'artifacts')];
    mkdirSync(artifacts, { recursive: true });
    const file = '.github/workflows/preview.yml';
    writeFiles(tree, { [file]: printed.text, Kubefile: 'FROM scratch\n' });
    return await runWorkflow({
      ...{ tree, file, happening, runtime: {}, folder: join(root, 'jobs') },
      resolver: standIns({ tree, release: join(folder.path, 'release'), artifacts }).resolver,
      env: { SEALER_HOME: join(root, 'store') },
      setting: {
        ...{ token: lab.token, repository: REPOSITORY },
        server: { url: 'https://github.test', apiUrl: lab.url },
      },
    });
  }

  /** A pull request whose preview was made two days ago, and an event of it. */
  function withPreview(): { readonly pull: LabPull; event(action: string): Happening } {
    const { state } = lab;
    const pull = lab.openPull();
    const { marker, task } = namePreview({ repository: REPOSITORY, pull: pull.number, key: '' });
    const createdAt = new Date(Date.now() - 2 * DAY).toISOString();
    const nothing = { description: '', log_url: '', environment_url: '', isAutomatic: false };
    const status = { ...nothing, id: state.nextId(), state: 'success', createdAt };
    state.deployments.push({
      ...{ id: state.nextId(), sha: pull.head.sha, ref: pull.head.sha, task, environment: 'preview', description: '' },
      ...{ payload: { sealer: { ttlMs: 3 * DAY } }, isTransient: true, isProduction: false, creator: ACTIONS_BOT },
      ...{ createdAt, statuses: [status] },
    });
    const body = `<h3>Preview cluster: ready</h3>\n${marker}`;
    state.comments.push({
      ...{ id: state.nextId(), issue: pull.number, user: ACTIONS_BOT, body, createdAt, updatedAt: createdAt },
    });
    const event = (action: string): Happening => {
      const base = pullRequest({ action, number: pull.number });
      return { ...base, payload: { ...base.payload, ...lab.pullEvent(pull, action) } };
    };
    return { pull, event };
  }

  const commentsOf = ({ number }: LabPull) => lab.state.comments.filter(({ issue }) => issue === number);
  const deploymentsOf = ({ number }: LabPull) =>
    lab.state.deployments.filter(({ task }) => task === `preview-pr-${number}`);

  test('closed: comment and deployment are gone', async () => {
    const { pull, event } = withPreview();
    pull.state = 'closed';
    const ended = await run(event('closed'));
    assert.ok(ended.success, ended.log);
    assert.deepEqual([commentsOf(pull), deploymentsOf(pull)], [[], []]);
    assert.doesNotMatch(ended.log, new RegExp(lab.token), 'the token is masked');
  });

  test('an old run that is run again touches nothing', async () => {
    const { pull, event } = withPreview();
    const old = event('synchronize');
    lab.push(pull);
    const ended = await run(old);
    assert.ok(ended.success, ended.log);
    assert.match(ended.log, /a later commit has a run of its own/);
    assert.deepEqual([commentsOf(pull).length, deploymentsOf(pull).length], [1, 1]);
  });

  test('the schedule sweeps what closed without a word, and leaves the rest', async () => {
    const [stays, goes] = [withPreview(), withPreview()];
    goes.pull.state = 'closed';
    const ended = await run(schedule('41 */6 * * *'));
    assert.ok(ended.success, ended.log);
    assert.deepEqual([commentsOf(goes.pull), deploymentsOf(goes.pull)], [[], []]);
    assert.deepEqual([commentsOf(stays.pull).length, deploymentsOf(stays.pull).length], [1, 1]);
  });

  test('a build that fails is told in the comment and the deployment', async () => {
    const pull = lab.openPull();
    const base = pullRequest({ action: 'opened', number: pull.number });
    const ended = await run({ ...base, payload: { ...base.payload, ...lab.pullEvent(pull, 'opened') } });
    assert.ok(!ended.success, 'an empty Kubefile, or no engine, makes no cluster');
    const [comment, ...more] = commentsOf(pull);
    assert.match(comment?.body ?? '', /Preview cluster: failed/, ended.log);
    assert.deepEqual(more, []);
    const [deployment] = deploymentsOf(pull);
    assert.deepEqual(
      deployment?.statuses.map(({ state }) => state),
      ['in_progress', 'failure'],
    );
    assert.deepEqual([...lab.state.environments], ['preview']);
  });

  test("a fork's pull request writes nothing at all, and refuses nothing but what it lacks", async () => {
    const pull = lab.openPull({ fork: 'mallory/shop' });
    const base = pullRequest({ action: 'closed', number: pull.number, isFork: true });
    pull.state = 'closed';
    const before = lab.requests.length;
    const ended = await run({ ...base, payload: { ...base.payload, ...lab.pullEvent(pull, 'closed') } });
    assert.ok(ended.success, ended.log);
    assert.ok(lab.requests.slice(before).every(({ method }) => method === 'GET'));
  });
});

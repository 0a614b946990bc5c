import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { dispatch, pullRequest, push, rerun, schedule } from '../../lab/workflow/events.ts';
import { cellsOf } from '../../lab/workflow/matrix.ts';
import { planRun } from '../../lab/workflow/plan.ts';
import { isStarted } from '../../lab/workflow/triggers.ts';
import { parseWorkflowFile } from '../../lab/workflow/workflow-file.ts';

suite('a matrix', () => {
  test('is every combination, without the excluded ones, with the included ones where they fit', () => {
    // The example of GitHub's documentation ("Expanding or adding matrix configurations").
    const matrix = {
      fruit: ['apple', 'pear'],
      animal: ['cat', 'dog'],
      include: [
        { color: 'green' },
        { color: 'pink', animal: 'cat' },
        { fruit: 'apple', shape: 'circle' },
        { fruit: 'banana' },
        { fruit: 'banana', animal: 'cat' },
      ],
    };
    assert.deepEqual(cellsOf(matrix), [
      { fruit: 'apple', animal: 'cat', color: 'pink', shape: 'circle' },
      { fruit: 'apple', animal: 'dog', color: 'green', shape: 'circle' },
      { fruit: 'pear', animal: 'cat', color: 'pink' },
      { fruit: 'pear', animal: 'dog', color: 'green' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ]);
    assert.deepEqual(cellsOf({ a: [1, 2], b: [3, 4], exclude: [{ a: 1 }] }), [
      { a: 2, b: 3 },
      { a: 2, b: 4 },
    ]);
  });

  test('can be a list of cells alone, or nothing; an empty one is refused, as at GitHub', () => {
    assert.deepEqual(cellsOf({ include: [{ a: 1 }, { a: 2 }] }), [{ a: 1 }, { a: 2 }]);
    assert.deepEqual(cellsOf(undefined), [{}]);
    assert.throws(() => cellsOf({ include: [] }), /without cells/);
    assert.throws(() => cellsOf({ a: 'x' }), /has to be a list/);
  });
});

suite('an event starts a workflow', () => {
  const on = (text: string) => parseWorkflowFile(`on: ${text}\njobs: { a: { runs-on: x, steps: [] } }`);

  test('by its branch, tag and paths', () => {
    const main = on('{ push: { branches: [main] } }');
    assert.ok(isStarted(main, push()));
    assert.ok(!isStarted(main, push({ branch: 'other' })));
    assert.ok(!isStarted(main, push({ tag: 'v1' })), 'a tag is no branch');
    const tags = on("{ push: { tags: ['v*'] } }");
    assert.ok(isStarted(tags, push({ tag: 'v1.2.3' })) && !isStarted(tags, push()));
    const paths = on("{ push: { branches: [main], paths: ['images/**', '!images/lab/**'] } }");
    assert.ok(isStarted(paths, push({ changed: ['README.md', 'images/k3s/Kubefile'] })));
    assert.ok(!isStarted(paths, push({ changed: ['README.md', 'images/lab/Kubefile'] })));
  });

  test('by the type of a pull request: closing one only where that is asked for', () => {
    const closed = pullRequest({ action: 'closed' });
    assert.ok(isStarted(on('pull_request'), pullRequest()));
    assert.ok(!isStarted(on('pull_request'), closed));
    assert.ok(isStarted(on('{ pull_request: { types: [opened, closed] } }'), closed));
  });

  test('by its cron, and by nothing else', () => {
    const daily = on("{ schedule: [{ cron: '17 3 * * *' }] }");
    assert.ok(isStarted(daily, schedule('17 3 * * *')));
    assert.ok(!isStarted(daily, schedule('0 0 * * *')));
    assert.ok(!isStarted(daily, push()));
  });
});

suite('a plan', () => {
  const workflow = parseWorkflowFile(`
on: { push: {}, pull_request: { types: [opened, closed] }, workflow_dispatch: { inputs: { force: { type: boolean } } } }
concurrency: { group: "w-\${{ github.ref }}", cancel-in-progress: "\${{ github.event_name == 'pull_request' }}" }
env: { SHA: "\${{ github.event.pull_request.head.sha || github.sha }}" }
jobs:
  plan: { runs-on: ubuntu-24.04, steps: [], if: "github.event.action != 'closed'" }
  build:
    needs: plan
    if: needs.plan.outputs.cells != '[]'
    runs-on: "\${{ matrix.runner }}"
    strategy: { matrix: { include: "\${{ fromJSON(needs.plan.outputs.cells) }}" } }
    concurrency: "build-\${{ matrix.name }}"
    steps: []
  after: { needs: [plan, build], runs-on: ubuntu-24.04, steps: [] }
  always: { needs: build, if: "always() && inputs.force", runs-on: ubuntu-24.04, steps: [] }
`);
  const setting = { workflow, file: '.github/workflows/w.yml' };
  const cells = (text: string) => ({ plan: { outputs: { cells: text } } });
  const TWO = '[{"name":"a","runner":"ubuntu-24.04"},{"name":"b","runner":"ubuntu-24.04-arm"}]';

  test('has the cells that a job before gave, each with its runner and its group', () => {
    const plan = planRun({ ...setting, happening: push() }, cells(TWO));
    const build = plan?.jobs.find(({ id }) => id === 'build');
    assert.deepEqual(build?.runsOn, ['ubuntu-24.04', 'ubuntu-24.04-arm']);
    assert.deepEqual(
      build?.concurrency.map((each) => each?.group),
      ['build-a', 'build-b'],
    );
    assert.deepEqual(plan?.concurrency, { group: 'w-refs/heads/main', cancelsInProgress: false });
    assert.equal(build?.env.SHA, '1'.repeat(40));
  });

  test('leaves out what needs a job that did not run, unless it runs always', () => {
    const running = (force: boolean, text: string) =>
      planRun({ ...setting, happening: dispatch({ force }) }, cells(text))
        ?.jobs.filter(({ runs }) => runs)
        .map(({ id }) => id);
    assert.deepEqual(running(false, '[]'), ['plan']);
    assert.deepEqual(running(true, '[]'), ['plan', 'always']);
    assert.deepEqual(running(true, TWO), ['plan', 'build', 'after', 'always']);
    const failed = planRun({ ...setting, happening: dispatch({ force: true }) }, { plan: { result: 'failure' } });
    assert.deepEqual(
      failed?.jobs.map(({ runs }) => runs),
      [true, false, false, true],
    );
  });

  test('of a pull request cancels the one before it, in its own group; a rerun is the same plan', () => {
    const happening = pullRequest();
    const plan = planRun({ ...setting, happening }, cells(TWO));
    assert.deepEqual(plan?.concurrency, { group: 'w-refs/pull/7/merge', cancelsInProgress: true });
    assert.deepEqual(planRun({ ...setting, happening: rerun(happening) }, cells(TWO)), plan);
    const closed = planRun({ ...setting, happening: pullRequest({ action: 'closed' }) });
    assert.deepEqual(
      closed?.jobs.map(({ runs }) => runs),
      [false, false, false, false],
    );
  });

  test('refuses an input that the workflow does not have, and jobs that wait for each other', () => {
    assert.throws(() => planRun({ ...setting, happening: dispatch({ nothing: 'x' }) }), /no input nothing/);
    const circle = parseWorkflowFile('on: push\njobs: { a: { needs: b }, b: { needs: a } }');
    assert.throws(() => planRun({ ...setting, workflow: circle, happening: push() }), /wait for each other/);
  });
});

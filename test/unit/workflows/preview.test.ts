/** preview.yml and preview-sweep.yml, and the preview that README prints, by GitHub's own expressions: groups, jobs, what may write. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Happening, pullRequest, rerun, schedule } from '../../lab/workflow/events.ts';
import { PROJECT, printedWorkflows } from '../../lab/workflow/ours.ts';
import { planRun } from '../../lab/workflow/plan.ts';
import { parseWorkflowFile } from '../../lab/workflow/workflow-file.ts';

function plan(file: string, happening: Happening, callInputs: Readonly<Record<string, unknown>> = {}) {
  const workflow = parseWorkflowFile(readFileSync(join(PROJECT, file), 'utf8'));
  const planned = planRun({ workflow, file, happening, callInputs });
  assert.ok(planned !== undefined);
  const { group = '', cancelsInProgress = false } = planned.concurrency ?? {};
  return { group, cancelsInProgress, runs: planned.jobs.filter(({ runs }) => runs).map(({ id }) => id) };
}

const label = (happening: Happening, action: string, name: string): Happening => ({
  ...happening,
  payload: { ...happening.payload, action, label: { name } },
});

suite('preview.yml', () => {
  const FILE = '.github/workflows/preview.yml';
  const LABELLED = { 'preview-label': 'preview', name: '' };
  const pull = (action: string, number = 7) => pullRequest({ action, number });

  test('everything about one pull request has one group, and closing cancels the making', () => {
    const opened = plan(FILE, pull('opened'), LABELLED);
    assert.deepEqual(opened, { group: 'sealer-preview-7-', cancelsInProgress: true, runs: ['preview'] });
    for (const action of ['synchronize', 'reopened', 'closed']) {
      assert.deepEqual(plan(FILE, pull(action), LABELLED), opened, action);
    }
    assert.deepEqual(plan(FILE, rerun(pull('opened')), LABELLED), opened, 'a rerun');
    assert.notEqual(plan(FILE, pull('opened', 8), LABELLED).group, opened.group, 'another pull request');
    assert.notEqual(plan(FILE, pull('opened'), { ...LABELLED, name: 'arm' }).group, opened.group, 'another preview');
  });

  test('an event of a label that is not ours cancels nothing and runs nothing', () => {
    const opened = plan(FILE, pull('opened'), LABELLED);
    for (const action of ['labeled', 'unlabeled']) {
      const other = plan(FILE, label(pull(action), action, 'bug'), LABELLED);
      assert.notEqual(other.group, opened.group);
      assert.deepEqual(other.runs, []);
      assert.deepEqual(plan(FILE, label(pull(action), action, 'preview'), LABELLED), opened);
      assert.deepEqual(plan(FILE, label(pull(action), action, 'bug'), { 'preview-label': '', name: '' }).runs, []);
    }
  });
});

test('sweeps wait for each other, and none is interrupted', () => {
  const planned = plan('.github/workflows/preview-sweep.yml', schedule('41 */6 * * *'));
  assert.deepEqual(planned, { group: 'sealer-preview-sweep', cancelsInProgress: false, runs: ['sweep'] });
});

suite('the preview that README prints', () => {
  const printed = printedWorkflows(readFileSync(join(PROJECT, 'README.md'), 'utf8')).find(({ name }) =>
    name.endsWith(': preview'),
  );
  const workflow = parseWorkflowFile(printed?.text ?? '');
  const groupOf = (happening: Happening) =>
    planRun({ workflow, file: '.github/workflows/preview.yml', happening })?.concurrency;

  test('has a group for each pull request, and one for the sweep', () => {
    const opened = groupOf(pullRequest({ action: 'opened' }));
    assert.deepEqual(opened, { group: 'preview-7', cancelsInProgress: true });
    assert.deepEqual(groupOf(pullRequest({ action: 'closed' })), opened);
    assert.equal(groupOf(schedule('41 */6 * * *'))?.group, 'preview-sweep');
    assert.equal(groupOf(pullRequest({ action: 'labeled' })), undefined, 'labels do not start it');
  });
});

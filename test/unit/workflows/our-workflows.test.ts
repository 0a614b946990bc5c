/** What GitHub makes of each of our workflows, for everything that can happen. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Described, describePlan } from '../../lab/workflow/describe-plan.ts';
import { dispatch, type Happening, pullRequest, push, rerun, schedule } from '../../lab/workflow/events.ts';
import { ourWorkflows } from '../../lab/workflow/ours.ts';
import { planRun } from '../../lab/workflow/plan.ts';
import { isMapping, parseWorkflowFile, type Workflow } from '../../lab/workflow/workflow-file.ts';

type Expected = Described | 'not started';

interface Expectation {
  readonly events: Readonly<Record<string, readonly [happening: Happening, expected: Expected]>>;
  /** Of a workflow that others call: what they give, for all of these events. */
  readonly call?: Readonly<Record<string, unknown>>;
}

const AMD64 = 'on ubuntu-24.04';
const ARM64 = 'on ubuntu-24.04-arm';
const BOTH = [AMD64, ARM64] as const;

const CI_ALWAYS = [`test ${AMD64}`, `arm64 ${ARM64}`, `action ${AMD64}`, ...BOTH.map((on) => `recording ${on}`)];
const CI_CLUSTERS = [
  ...['k3s', 'k0s'].flatMap((runtime) => BOTH.map((on) => `clusters ${runtime} ${on}`)),
  ...BOTH.map((on) => `clusters kubeadm "flannel", "probe" ${on}`),
];
const RELEASE_BUILD = [`plan ${AMD64}`, `build release ${AMD64}`, `build release-again ${ARM64}`, `compare ${AMD64}`];

const EXPECTED: Readonly<Record<string, Expectation>> = {
  'base-images.yml': {
    events: {
      'a push of their data': [
        push({ changed: ['images/k3s/versions.yaml'] }),
        { group: 'base-images', jobs: [`prepare ${AMD64}`] },
      ],
      'a push of something else': [push({ changed: ['images/host/Dockerfile', 'src/cli/main.ts'] }), 'not started'],
      'a push elsewhere': [push({ branch: 'other', changed: ['images/k3s/Kubefile'] }), 'not started'],
      'the schedule': [schedule('23 3 * * 1,4'), { group: 'base-images', jobs: [`prepare ${AMD64}`] }],
      'a dispatch': [dispatch({ filter: 'k3s', force: true }), { group: 'base-images', jobs: [`prepare ${AMD64}`] }],
      'a pull request': [pullRequest(), 'not started'],
    },
  },
  'ci.yml': {
    events: {
      'a push': [push(), { group: 'ci-refs/heads/main-push', jobs: [...CI_ALWAYS, ...CI_CLUSTERS] }],
      'a push elsewhere': [push({ branch: 'other' }), 'not started'],
      'a tag': [push({ tag: 'v1.2.3' }), 'not started'],
      'the schedule': [
        schedule('37 2 * * *'),
        { group: 'ci-refs/heads/main-schedule', jobs: [...CI_ALWAYS, ...CI_CLUSTERS] },
      ],
      'a dispatch': [
        dispatch(),
        { group: 'ci-refs/heads/main-workflow_dispatch', jobs: [...CI_ALWAYS, ...CI_CLUSTERS] },
      ],
      'a pull request': [pullRequest(), { group: 'ci-refs/pull/7/merge-pull_request cancels', jobs: CI_ALWAYS }],
      'a pull request that asks for clusters': [
        pullRequest({ action: 'synchronize', labels: ['bug', 'clusters'] }),
        { group: 'ci-refs/pull/7/merge-pull_request cancels', jobs: [...CI_ALWAYS, ...CI_CLUSTERS] },
      ],
      'a closed pull request': [pullRequest({ action: 'closed' }), 'not started'],
    },
  },
  'codeql.yml': {
    events: {
      'a push': [
        push(),
        {
          group: 'codeql-refs/heads/main',
          jobs: ['javascript-typescript', 'actions'].map((each) => `analyze ${each} ${AMD64}`),
        },
      ],
      'a pull request': [
        pullRequest(),
        {
          group: 'codeql-refs/pull/7/merge cancels',
          jobs: ['javascript-typescript', 'actions'].map((each) => `analyze ${each} ${AMD64}`),
        },
      ],
      'a closed pull request': [pullRequest({ action: 'closed' }), 'not started'],
    },
  },
  'scorecard.yml': {
    events: {
      'a push': [push(), { group: 'scorecard', jobs: [`scorecard ${AMD64}`] }],
      'the schedule': [schedule('23 5 * * 3'), { group: 'scorecard', jobs: [`scorecard ${AMD64}`] }],
      'a pull request': [pullRequest(), 'not started'],
    },
  },
  'preview.yml': {
    call: { 'preview-label': 'preview', name: 'eu' },
    events: {
      'a pull request': [pullRequest(), { group: 'sealer-preview-7-eu cancels', jobs: [`preview ${AMD64}`] }],
      'a push to it': [
        pullRequest({ action: 'synchronize', number: 8 }),
        { group: 'sealer-preview-8-eu cancels', jobs: [`preview ${AMD64}`] },
      ],
      'closing, in the group of making': [
        pullRequest({ action: 'closed' }),
        { group: 'sealer-preview-7-eu cancels', jobs: [`preview ${AMD64}`] },
      ],
      'our label': [
        labeled('labeled', 'preview'),
        { group: 'sealer-preview-7-eu cancels', jobs: [`preview ${AMD64}`] },
      ],
      'another label, which cancels nothing': [
        labeled('unlabeled', 'bug'),
        { group: 'sealer-preview-7-eu-5000 cancels', jobs: [] },
      ],
    },
  },
  'preview-sweep.yml': {
    call: {},
    events: {
      'the schedule of who calls it': [
        schedule('41 */6 * * *'),
        { group: 'sealer-preview-sweep', jobs: [`sweep ${AMD64}`] },
      ],
      'a dispatch of who calls it': [dispatch(), { group: 'sealer-preview-sweep', jobs: [`sweep ${AMD64}`] }],
    },
  },
  'release.yml': {
    events: {
      'a dispatch is a dry run unless it says otherwise': [dispatch(), { group: 'release', jobs: RELEASE_BUILD }],
      'a dispatch': [
        dispatch({ 'dry-run': false }),
        {
          group: 'release',
          jobs: [
            ...RELEASE_BUILD,
            `publish ${AMD64}`,
            `host-image amd64 ${AMD64}`,
            `host-image arm64 ${ARM64}`,
            `npm ${AMD64}`,
            `move ${AMD64}`,
          ],
        },
      ],
      'a dispatch on a branch': [
        { ...dispatch({ 'dry-run': false }), ref: 'refs/heads/other' },
        { group: 'release', jobs: [] },
      ],
      'a push': [push(), 'not started'],
      'a tag': [push({ tag: 'v1.2.3' }), 'not started'],
      'a pull request': [pullRequest(), 'not started'],
    },
  },
  'versions.yml': {
    events: {
      'the schedule': [schedule('47 4 * * *'), { group: 'versions', jobs: [`ask ${AMD64}`] }],
      'a dispatch': [dispatch(), { group: 'versions', jobs: [`ask ${AMD64}`] }],
      'a push': [push(), 'not started'],
      'a pull request': [pullRequest(), 'not started'],
    },
  },
};

/** An event about a label. */
function labeled(action: string, label: string): Happening {
  const happening = pullRequest({ action, labels: [label] });
  return { ...happening, payload: { ...happening.payload, label: { name: label } } };
}

const nameOf = (file: string): string => file.replace('.github/workflows/', '');
const files = ourWorkflows();

test('there is something expected of every workflow', () => {
  assert.deepEqual(files.map(({ name }) => nameOf(name)).sort(), Object.keys(EXPECTED).sort());
});

for (const { name, text } of files) {
  const { events = {}, call } = EXPECTED[nameOf(name)] ?? {};
  const workflow = parseWorkflowFile(text);
  const setting = { workflow, file: name, ...(call === undefined ? {} : { callInputs: call }) };
  const describe = (happening: Happening): Expected => describePlan(planRun({ ...setting, happening }));

  suite(nameOf(name), () => {
    for (const [what, [happening, expected]] of Object.entries(events)) {
      test(`${what}: what runs, where, and in which group`, () => {
        assert.deepEqual(sorted(describe(happening)), sorted(expected));
        assert.deepEqual(describe(rerun(happening)), describe(happening), 'a rerun');
      });
    }

    test("a fork's pull request runs what ours does, with nothing that may write", () => {
      const happening = pullRequest({ isFork: true });
      const plan = planRun({ workflow, file: name, happening, secrets: { A: 'a' } });
      // What a called workflow may, its caller says; and a fork's token may write nothing, whatever either says.
      if (plan === undefined) return;
      assert.deepEqual(describe(happening), describe(pullRequest()));
      for (const { id, permissions, runs } of plan.jobs) {
        const writes = Object.entries(isMapping(permissions) ? permissions : {}).filter(([, each]) => each === 'write');
        // What it finds, CodeQL tells of a fork's pull request by another way.
        assert.deepEqual(runs ? writes.filter(([what]) => what !== 'security-events') : [], [], id);
      }
    });

    test('starts by every schedule that it has, at a minute when not everybody does', () => {
      for (const cron of cronsOf(workflow)) {
        assert.notEqual(describe(schedule(cron)), 'not started', cron);
        assert.doesNotMatch(cron, /^(?:0|30|\*)/, cron);
      }
      if (call === undefined) assert.equal(describe(schedule('1 1 1 1 1')), 'not started');
    });
  });
}

function sorted(expected: Expected): Expected {
  return expected === 'not started' ? expected : { ...expected, jobs: [...expected.jobs].sort() };
}

function cronsOf({ on }: Workflow): readonly string[] {
  const { schedule: crons } = on;
  return Array.isArray(crons) ? crons.map((each) => String(isMapping(each) ? each.cron : '')) : [];
}

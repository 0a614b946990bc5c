import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { dispatch, type Happening, pullRequest, push } from '../../lab/workflow/events.ts';
import { type EndedRun, runWorkflow } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';

const CHECKOUT = 'actions/checkout@0000000000000000000000000000000000000000';

/** Runs a workflow of these jobs in a repository that has an action, `./greet`. */
async function run(t: TestContext, jobs: string, happening: Happening = push(), files = {}): Promise<EndedRun> {
  const folder = await folderOf(t, 'workflow');
  const tree = join(folder, 'tree');
  writeFiles(tree, {
    '.github/workflows/w.yml': `on: { push: {}, pull_request: {}, workflow_dispatch: { inputs: { who: { default: you } } } }\n${jobs}`,
    'greet/action.yml': `
name: greet
description: greets
inputs: { who: { description: who, default: "\${{ github.actor }}" } }
outputs: { said: { description: what, value: "\${{ steps.say.outputs.said }}" } }
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: { WHO: "\${{ inputs.who }}" }
      run: echo "said=hello $WHO" >> "$GITHUB_OUTPUT"
`,
    ...files,
  });
  const { resolver } = standIns({ tree, release: tree, artifacts: join(folder, 'artifacts') });
  const world = { env: {}, runtime: {}, folder: join(folder, 'run'), resolver };
  return runWorkflow({ ...world, tree, file: '.github/workflows/w.yml', happening, setting: { token: 'ghs_secret' } });
}

const STEPS = `
jobs:
  one:
    runs-on: ubuntu-24.04
    outputs: { said: "\${{ steps.greet.outputs.said }}", exported: "\${{ env.LATER }}" }
    steps:
      - uses: ${CHECKOUT}
        with: { persist-credentials: false }
      - { id: greet, uses: ./greet, with: { who: world } }
      - run: echo "LATER=$GITHUB_REPOSITORY/$RUNNER_OS" >> "$GITHUB_ENV"
      - run: test "$LATER" = sealer/build/Linux
  two:
    needs: one
    runs-on: ubuntu-24.04
    steps:
      - env: { SAID: "\${{ needs.one.outputs.said }}" }
        run: echo "one said $SAID"
`;

suite('a job that is run', () => {
  test('hands outputs from step to step, by actions too, and to the jobs that need it', async (t) => {
    const { success, jobs, log } = await run(t, STEPS);
    assert.ok(success, log);
    assert.deepEqual(jobs.one?.outputs, { said: 'hello world', exported: 'sealer/build/Linux' });
    assert.match(log, /^one said hello world$/m);
  });

  test('stops at the first step that fails, but for those that ask for failure', async (t) => {
    const { success, jobs, log } = await run(
      t,
      `
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - { id: bad, continue-on-error: true, run: exit 3 }
      - { if: steps.bad.outcome == 'failure', run: echo after bad }
      - run: 'false | cat; echo without a named shell a pipe may break'
      - { shell: bash, run: 'false | cat; echo never' }
      - run: echo never
      - { if: failure(), run: echo cleaned up }
  two: { needs: one, runs-on: ubuntu-24.04, steps: [{ run: echo never }] }
  three: { needs: one, if: "always() && needs.one.result == 'failure'", runs-on: x, steps: [{ run: echo three }] }
`,
    );
    assert.ok(!success);
    assert.equal(jobs.two?.result, 'skipped');
    assert.match(log, /^after bad$/m);
    assert.match(log, /^without a named shell a pipe may break$/m);
    assert.match(log, /^cleaned up$/m);
    assert.match(log, /^three$/m);
    assert.doesNotMatch(log, /^never$/m);
  });

  test('shows no token, and what it left running is ended with it', async (t) => {
    const { success, log } = await run(
      t,
      `
jobs:
  one:
    runs-on: ubuntu-24.04
    outputs: { pid: "\${{ steps.start.outputs.pid }}" }
    steps:
      - { env: { TOKEN: "\${{ github.token }}" }, run: 'echo "the token is $TOKEN."' }
      - id: start
        run: |
          setsid sleep 1000 > /dev/null 2>&1 &
          echo "pid=$!" >> "$GITHUB_OUTPUT"
  two:
    needs: one
    runs-on: ubuntu-24.04
    steps:
      - env: { PID: "\${{ needs.one.outputs.pid }}" }
        run: |
          test -n "$PID"
          for _ in $(seq 100); do grep -qa sleep "/proc/$PID/cmdline" || exit 0; sleep 0.1; done
          exit 1
`,
    );
    assert.ok(success, log);
    assert.match(log, /the token is \*\*\*\./);
  });

  test('runs once for each cell, and gets defaults of the action from the event', async (t) => {
    const { success, jobs, log } = await run(
      t,
      `
jobs:
  one:
    runs-on: "ubuntu-24.04\${{ matrix.suffix }}"
    strategy: { matrix: { suffix: ['', '-arm'] } }
    steps:
      - uses: ${CHECKOUT}
        with: { persist-credentials: false }
      - { id: greet, uses: ./greet }
      - env: { SAID: "\${{ steps.greet.outputs.said }}", NUMBER: "\${{ github.event.pull_request.number }}" }
        run: echo "$RUNNER_ARCH in $NUMBER $SAID"
`,
      pullRequest({ number: 42 }),
    );
    assert.ok(success, log);
    assert.equal(jobs.one?.cells.length, 2);
    assert.match(log, /^ARM64 in 42 hello octocat$/m);
  });

  test('refuses what it cannot follow: unknown actions, inputs, shells, services', async (t) => {
    const step = (text: string) => `jobs: { one: { runs-on: x, steps: [${text}] } }`;
    await assert.rejects(run(t, step('{ uses: somebody/else@v1 }')), /no stand-in for somebody/);
    await assert.rejects(run(t, step('{ uses: ./greet, with: { nobody: x } }')), /no such file|Unexpected input/);
    await assert.rejects(run(t, step('{ shell: pwsh, run: x }')), /unknown shell/);
    await assert.rejects(run(t, 'jobs: { one: { runs-on: x, services: {}, steps: [] } }'), /services is not known/);
    await assert.rejects(run(t, step(`{ uses: ${CHECKOUT} }`)), /keeps its credentials/);
  });

  test('calls a workflow of the repository, with its inputs and outputs', async (t) => {
    const called = `
on: { workflow_call: { inputs: { n: { type: number, default: 2 } }, outputs: { twice: { value: "\${{ jobs.x.outputs.twice }}" } } } }
jobs:
  x:
    runs-on: ubuntu-24.04
    outputs: { twice: "\${{ steps.a.outputs.twice }}" }
    steps: [{ id: a, env: { N: "\${{ inputs.n }}" }, run: 'echo "twice=$((N * 2))" >> "$GITHUB_OUTPUT"' }]
`;
    const { success, jobs, log } = await run(
      t,
      `
jobs:
  call:
    strategy: { fail-fast: false, matrix: { n: [1, 21] } }
    uses: ./.github/workflows/called.yml
    with: { n: "\${{ matrix.n }}" }
  after: { needs: call, runs-on: x, steps: [{ env: { T: "\${{ needs.call.outputs.twice }}" }, run: 'echo "is $T"' }] }
`,
      dispatch(),
      { '.github/workflows/called.yml': called },
    );
    assert.ok(success, log);
    assert.equal(jobs.call?.outputs.twice, '42');
    assert.match(log, /^is 42$/m);
  });
});

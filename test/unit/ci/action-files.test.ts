import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { PROJECT, readAction } from './action-files.ts';
import { findUntrusted } from './action-trust.ts';

const ACTIONS = ['.', 'actions/build', 'actions/push'];
const PIN = `actions/checkout@${'a'.repeat(40)}`;

suite('our YAML is safe to use', () => {
  const files = globSync(['action.yml', 'actions/**/*.{yml,yaml}', '.github/workflows/*.{yml,yaml}'], { cwd: PROJECT });

  test('every action is looked at, and every workflow', () => {
    for (const action of ACTIONS) assert.ok(files.includes(join(action, 'action.yml')), action);
    if (existsSync(join(PROJECT, '.github/workflows'))) assert.ok(files.some((each) => each.startsWith('.github')));
  });

  for (const file of files) {
    test(file, () => assert.deepEqual(findUntrusted(readFileSync(join(PROJECT, file), 'utf8')), []));
  }
});

suite('what is unsafe is found', () => {
  const action = (...steps: string[]): string =>
    `runs:\n  using: composite\n  steps:\n    - ${steps.join('\n    - ')}\n`;
  const workflow = (top: string, job: string): string => `${top}\njobs:\n  one:\n    ${job}\n`;
  const TOP = 'permissions: {}\nconcurrency: { group: ci }';
  const JOB = 'permissions: { contents: read }\n    timeout-minutes: 5';

  const cases: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
    'a tag': [action('uses: actions/checkout@v6 # v6.0.0', 'uses: o/r@main'), /checkout@v6: not pinned/],
    'a short commit': [action('uses: o/r@abcdef1 # v1.0.0'), /not pinned/],
    'a commit without its version': [action(`uses: o/r@${'a'.repeat(40)}`), /not pinned/],
    'an expression in run': [action('{ shell: bash, run: "echo ${{ github.head_ref }}" }'), /expression inside/],
    'an expression in script': [
      action(`uses: o/r@${'a'.repeat(40)} # v1.0.0\n      with: { script: "x(\${{ github.actor }})" }`),
      /expression inside/,
    ],
    'a script without a shell': [action('run: echo'), /no shell/],
    'an input as an argument': [
      action(`uses: o/r@${'a'.repeat(40)} # v1.0.0\n      with: { path: "\${{ inputs.path }}" }`),
      /elsewhere than in env/,
    ],
    'a checkout that keeps its token': [action(`uses: ${PIN} # v1.0.0`), /credentials stay/],
    'a workflow with the default token': [workflow('concurrency: x', `${JOB}`), /permissions of the workflow/],
    'a workflow that may write': [
      workflow('permissions: write-all\nconcurrency: x', JOB),
      /permissions of the workflow/,
    ],
    'a job without permissions': [workflow(TOP, 'timeout-minutes: 5'), /job one: no permissions/],
    'a job without an end': [workflow(TOP, 'permissions: {}'), /job one: no timeout/],
    'runs beside each other': [workflow('permissions: {}', JOB), /no concurrency/],
    'a called workflow by its branch': [
      workflow(TOP, `${JOB}\n    uses: o/r/.github/workflows/w.yml@main`),
      /not pinned/,
    ],
    'a script of a workflow without a shell': [workflow(TOP, `${JOB}\n    steps: [{ run: x }]`), /no shell/],
  };
  for (const [name, [text, problem]] of Object.entries(cases)) {
    test(name, () => assert.match(findUntrusted(text).join('\n'), problem));
  }

  test('and what is safe is not', () => {
    const checkout = `uses: ${PIN} # v1.0.0\n      with: { persist-credentials: false }`;
    const script = '{ shell: bash, env: { A: "${{ inputs.a }}" }, run: "echo $A" }';
    assert.deepEqual(findUntrusted(action(checkout, 'uses: ./', script)), []);
    const shell = 'defaults: { run: { shell: bash } }';
    assert.deepEqual(findUntrusted(workflow(`${TOP}\n${shell}`, `${JOB}\n    steps: [{ run: x }]`)), []);
  });
});

suite('the runtime token', () => {
  for (const folder of ACTIONS) {
    const { steps } = readAction(folder).runs;

    test(`in ${folder} reaches the build alone, and only where a cache may be used`, () => {
      const taking = steps.filter((step) => JSON.stringify(step).includes('steps.runtime.'));
      const giving = steps.filter((step) => step.with?.script !== undefined);
      const isBuild = folder !== 'actions/push';
      assert.deepEqual(
        taking.map(({ id }) => id),
        isBuild ? ['build'] : [],
      );
      assert.deepEqual(
        giving.map((step) => [step.id, step.if]),
        isBuild ? [['runtime', "inputs.cache != 'false'"]] : [],
      );
      for (const { with: { script = '' } = {} } of giving) assert.doesNotMatch(script, /exportVariable|GITHUB_ENV/);
    });

    test(`in ${folder} is no output`, () => {
      const { outputs } = readAction(folder);
      for (const { value } of Object.values(outputs)) assert.doesNotMatch(value, /runtime/);
    });
  }

  test('is read by the same script in both actions', () => {
    const [root, build] = ['.', 'actions/build'].map((folder) =>
      readAction(folder).runs.steps.find(({ id }) => id === 'runtime'),
    );
    assert.deepEqual(root, build);
  });
});

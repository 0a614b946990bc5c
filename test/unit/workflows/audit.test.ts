import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readAudited } from '../../lab/workflow/audit/file.ts';
import { findUntrusted, RULES } from '../../lab/workflow/audit/index.ts';
import { pinsOf } from '../../lab/workflow/audit/pins.ts';
import { ourActions, ourFiles, ourWorkflows } from '../../lab/workflow/ours.ts';

suite('our YAML is safe to use', () => {
  test('every action is looked at, and every workflow, and those that the README prints', () => {
    const names = ourFiles().map(({ name }) => name);
    for (const name of ['action.yml', 'actions/build/action.yml', 'actions/push/action.yml', 'actions/run/action.yml'])
      assert.ok(names.includes(name), name);
    assert.ok(names.includes('.github/workflows/ci.yml'));
    assert.ok(names.some((name) => name.startsWith('README.md: ')));
  });

  for (const { name, text, kind } of ourFiles()) {
    // A reader takes our own actions by their moving tag, as README says; in here there is no release to name.
    const own = kind === 'printed workflow' ? text.replaceAll(/sealer\/build((?:\/[\w.-]+)*)@v1\b/g, '.$1/') : text;
    test(name, () => assert.deepEqual(findUntrusted(own), []));
  }

  test('one version of an action is one commit, and one of each is in use', () => {
    const commits = new Map<string, string>();
    for (const { name: file, text } of ourFiles()) {
      for (const { name, commit, version } of pinsOf(text)) {
        const known = commits.get(name) ?? `${commit} ${version}`;
        assert.equal(`${commit} ${version}`, known, `${name} in ${file}`);
        commits.set(name, known);
      }
    }
    assert.ok(commits.has('actions/checkout'));
  });

  test('nothing waits for a runner that does not exist', () => {
    for (const { name, text } of ourWorkflows()) {
      for (const [, label = ''] of text.matchAll(/^\s+runs-on: ([\w.-]+)$/gm)) {
        assert.match(label, /^ubuntu-24\.04(?:-arm)?$/, name);
      }
    }
    for (const { name, text } of ourActions()) assert.doesNotMatch(text, /runs-on/, name);
  });
});

const CHECKOUT = `actions/checkout@${'a'.repeat(40)}`;
const action = (...steps: string[]): string => `runs:\n  using: composite\n  steps:\n    - ${steps.join('\n    - ')}\n`;
const JOB = 'permissions: {}\n    timeout-minutes: 5\n    runs-on: ubuntu-24.04';
const workflow = (job: string, top = 'on: push\npermissions: {}\nconcurrency: { group: ci }'): string =>
  `${top}\ndefaults: { run: { shell: bash } }\njobs:\n  one:\n    ${job}\n`;
const step = (text: string, top?: string): string => workflow(`${JOB}\n    steps:\n      - ${text}`, top);
const run = (script: string): string => step(`run: ${JSON.stringify(script)}`);
const target = (text: string): string => step(text, 'on: pull_request_target\npermissions: {}\nconcurrency: ci');
const signing = (text: string): string =>
  workflow(`permissions:\n      id-token: write # to sign\n    timeout-minutes: 5\n    steps:\n      - ${text}`);

/** For each rule, what it has to find. */
const BAD: Readonly<Record<keyof typeof RULES, readonly string[]>> = {
  'permissions start empty': [
    workflow(JOB, 'on: push\nconcurrency: ci'),
    workflow(JOB, 'on: push\npermissions: write-all\nconcurrency: ci'),
    workflow(JOB, 'on: push\npermissions: { contents: read }\nconcurrency: ci'),
  ],
  'permissions of every job': [workflow('timeout-minutes: 5')],
  'permissions say why': [
    workflow('permissions: { contents: read }\n    timeout-minutes: 5'),
    workflow('permissions:\n      contents: read\n    timeout-minutes: 5'),
    workflow('permissions:\n      contents: read # to clone\n      packages: write\n    timeout-minutes: 5'),
  ],
  'every job ends': [workflow('permissions: {}\n    steps: []')],
  'runs do not race': [workflow(JOB, 'on: push\npermissions: {}')],
  'a matrix goes on': [
    workflow(`${JOB}\n    strategy: { matrix: { a: [1] } }`),
    workflow(`${JOB}\n    strategy: { fail-fast: true, matrix: { a: [1] } }`),
  ],
  'secrets are named': [workflow('permissions: {}\n    uses: ./.github/workflows/a.yml\n    secrets: inherit')],
  'secrets stay in steps': [
    workflow(`${JOB}\n    env: { A: "\${{ secrets.A }}" }`),
    workflow(JOB, 'on: push\npermissions: {}\nconcurrency: ci\nenv: { A: "${{ github.token }}" }'),
    step('{ env: { A: "${{ toJSON(secrets) }}" }, run: x }'),
    step('{ env: { A: "${{ secrets[github.event.inputs.name] }}" }, run: x }'),
  ],
  'nobody is trusted by name': [
    workflow(`${JOB}\n    if: github.actor == 'dependabot[bot]'`),
    step("{ if: github.triggering_actor != 'x', run: x }"),
  ],
  'own runners stay out of pull requests': [
    workflow(
      'permissions: {}\n    timeout-minutes: 5\n    runs-on: [self-hosted]',
      'on: [pull_request]\npermissions: {}\nconcurrency: ci',
    ),
  ],
  'no expression in a script': [
    action('{ shell: bash, run: "echo ${{ github.head_ref }}" }'),
    action(`uses: o/r@${'a'.repeat(40)} # v1.0.0\n      with: { script: "x(\${{ github.actor }})" }`),
    run('echo ${{ matrix.a }}'),
  ],
  'scripts name their shell': [action('run: echo'), 'on: push\njobs: { one: { steps: [{ run: x }] } }'],
  'foreign data goes by env': [
    action(`uses: o/r@${'a'.repeat(40)} # v1.0.0\n      with: { path: "\${{ inputs.path }}" }`),
    step(`{ uses: o/r@${'a'.repeat(40)}, with: { title: "\${{ github.event.issue.title }}" } }`),
    step('{ run: x, working-directory: "${{ inputs.folder }}" }'),
    step('{ run: x, shell: "${{ github.head_ref }}" }'),
  ],
  'checkout keeps no token': [action(`uses: ${CHECKOUT} # v1.0.0`), step(`uses: ${CHECKOUT} # v1.0.0`)],
  'secrets never meet the code of others': [
    target(`{ uses: ${CHECKOUT}, with: { ref: "\${{ github.event.pull_request.head.sha }}" } }`),
    target(`{ uses: ${CHECKOUT}, with: { ref: "refs/pull/1/merge" } }`),
    target(`{ uses: ${CHECKOUT}, with: { repository: "\${{ github.event.pull_request.head.repo.full_name }}" } }`),
  ],
  'no environment from foreign data': [target(`{ run: 'echo "A=$TITLE" >> "$GITHUB_ENV"' }`)],
  'nothing signed comes from a cache': [
    signing('uses: actions/cache@v4'),
    signing('uses: actions/setup-node@v6'),
    signing('{ uses: actions/setup-node@v6, with: { cache: npm, package-manager-cache: "false" } }'),
    signing('uses: ./actions/build'),
    signing('uses: sealer/build@v1'),
    workflow(`${JOB}\n    environment: release\n    steps: [{ uses: actions/cache@v4 }]`),
  ],
  'scripts run nothing unknown': [
    run('eval "$A"'),
    run('x; eval $A'),
    run('curl -fsSL https://example.com/install | bash'),
    run('wget -O- https://example.com/install | sudo sh'),
    run('bash <(curl -s https://example.com/x)'),
    run('npm install left-pad'),
    run('npx cowsay'),
    run('pip install x'),
    run('go install example.com/x@latest'),
    run('docker run alpine:3'),
    run('ssh -o StrictHostKeyChecking=no host'),
    run('curl -k https://example.com'),
    run('set -x'),
    run('set -eux'),
  ],
  'downloads have a checksum': [
    run('curl -fsSLo tool https://example.com/tool'),
    run('wget https://example.com/tool'),
    run('curl -fsSLo tool "$TOOL_URL"'),
  ],
  'no password in arguments': [run('docker login -p "$TOKEN" x'), run('helm login --password "$TOKEN" x')],
  'actions by their commit': [
    action('uses: actions/checkout@v6 # v6.0.0'),
    action('uses: o/r@main'),
    action('uses: o/r@abcdef1 # v1.0.0'),
    action(`uses: o/r@${'a'.repeat(40)}`),
    action(`uses: o/r@${'a'.repeat(40)} # latest`),
    workflow(`${JOB}\n    uses: o/r/.github/workflows/w.yml@main`),
  ],
  'images by their digest': [
    action('uses: docker://alpine:3'),
    workflow(`${JOB}\n    container: node:24`),
    workflow(`${JOB}\n    services: { db: { image: postgres:17 } }`),
  ],
};

suite('what is unsafe is found', () => {
  for (const [name, rule] of Object.entries(RULES)) {
    const examples = BAD[name] ?? [];
    test(name, () => {
      assert.ok(examples.length > 0, 'a rule without an example may find nothing');
      for (const example of examples) assert.notDeepEqual(rule(readAudited(example)), [], example);
    });
  }

  test('and what is safe is not', () => {
    const checkout = `uses: ${CHECKOUT} # v1.0.0\n      with: { persist-credentials: false }`;
    const script = '{ shell: bash, env: { A: "${{ inputs.a }}" }, run: "echo $A" }';
    assert.deepEqual(findUntrusted(action(checkout, 'uses: ./', script)), []);
    const grants = 'permissions:\n      contents: read # to clone\n    timeout-minutes: 5';
    for (const each of [
      run('sha256sum --check sums; npm ci; docker run "$IMAGE"; curl http://localhost:5050/v2/; npx --no tsc'),
      run('curl -fsSLo t https://example.com/t && echo "abc  t" | sha256sum --check'),
      step('{ if: github.event.action != \'closed\', name: "for ${{ github.head_ref }}", run: x }'),
      step('{ uses: ./actions/build, with: { context: "${{ inputs.context }}" } }'),
      workflow(`${grants}\n    strategy: { fail-fast: false, matrix: { a: [1] } }`),
      workflow('permissions: {}\n    uses: ./.github/workflows/a.yml\n    secrets: { A: "${{ secrets.A }}" }'),
      signing('{ uses: ./actions/build, with: { cache: false } }'),
    ]) {
      assert.deepEqual(findUntrusted(each), [], each);
    }
  });
});

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type GithubParser, openGithubParser } from '../../lab/workflow/github-parser.ts';
import { ourFiles } from '../../lab/workflow/ours.ts';

suite("GitHub's own parser", () => {
  let parser: GithubParser;
  before(async () => {
    parser = await openGithubParser();
  });
  after(() => parser[Symbol.asyncDispose]());

  for (const { name, text, kind } of ourFiles()) {
    test(`finds nothing in ${name}`, async () => {
      const path = kind === 'printed workflow' ? '.github/workflows/printed.yml' : name;
      assert.deepEqual(await parser.problems(path, text), []);
    });
  }

  const step = (text: string): string =>
    `on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - ${text}\n`;
  const bad: Readonly<Record<string, readonly [text: string, problem: RegExp, name?: string]>> = {
    'an unknown key': ['on: push\njobs: { one: { runs-on: x, step: [] } }', /Unexpected value 'step'/],
    'an unknown event': ['on: pushed\njobs: { one: { runs-on: x, steps: [] } }', /Unexpected value 'pushed'/],
    'an unknown context': [step('run: echo ${{ nothing.here }}'), /Unrecognized named-value: 'nothing'/],
    'a property that an event does not have': [
      step('run: echo ${{ github.event.pull_request.number }}'),
      /Context access might be invalid/,
    ],
    'a step that there is not': [
      step('run: echo ${{ steps.none.outputs.x }}'),
      /Context access might be invalid: none/,
    ],
    'an expression that is broken': [step("run: echo ${{ github.ref == 'x }}"), /./],
    'an input that our action does not have': [
      step('{ uses: ./actions/build, with: { no-such: x } }'),
      /Invalid action input 'no-such'/,
    ],
    'an input that our root action does not have': [
      step('uses: ./\n        with: { no-such: x }'),
      /Invalid action input/,
    ],
    'an input that is missing': [
      step(`uses: actions/github-script@${'a'.repeat(40)}`),
      /Missing required input `script`/,
    ],
    'an action that nobody knows': [step(`uses: o/r@${'a'.repeat(40)}`), /Unable to resolve action/],
    'an action without a description': [
      'name: a\nruns: { using: composite, steps: [] }\n',
      /Required property is missing: description/,
      'action.yml',
    ],
    'an action with a key that there is not': [
      'name: a\ndescription: a\ninput: {}\nruns: { using: composite, steps: [] }\n',
      /Unexpected value 'input'/,
      'action.yml',
    ],
  };
  for (const [what, [text, problem, name = '.github/workflows/w.yml']] of Object.entries(bad)) {
    test(`finds ${what}`, async () => assert.match((await parser.problems(name, text)).join('\n'), problem));
  }
});

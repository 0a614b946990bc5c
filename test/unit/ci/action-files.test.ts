import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readAction } from './action-files.ts';

const ACTIONS = ['.', 'actions/build', 'actions/push'];

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

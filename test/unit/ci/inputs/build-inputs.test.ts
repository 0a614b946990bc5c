import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Command } from 'commander';
import { readBuildInputs, readPushInputs } from '../../../../src/ci/inputs/index.ts';
import { createProgram } from '../../../../src/cli/program.ts';
import { SealerError } from '../../../../src/error.ts';
import { fakeContext } from '../../cli/fake-context.ts';
import { readAction } from '../action-files.ts';

/** Names that a reader asks for. */
function namesRead(reader: (read: (name: string) => string) => unknown): readonly string[] {
  const names = new Set<string>();
  reader((name) => {
    names.add(name);
    return '';
  });
  return [...names].sort();
}

const BUILD = namesRead(readBuildInputs);
const PUSH = namesRead(readPushInputs);
const without = (names: readonly string[], ...left: string[]): readonly string[] =>
  names.filter((each) => !left.includes(each));

suite('action.yml and the code agree', () => {
  test('on the inputs of the build', () => {
    assert.deepEqual(Object.keys(readAction('actions/build').inputs).sort(), without(BUILD, 'push'));
    assert.deepEqual(Object.keys(readAction('.').inputs).sort(), BUILD);
  });

  test('on the inputs of the push', () => {
    assert.deepEqual(Object.keys(readAction('actions/push').inputs).sort(), PUSH);
  });

  test('on defaults: what action.yml says is what an empty input means', () => {
    for (const [folder, reader] of [
      ['.', readBuildInputs],
      ['actions/push', readPushInputs],
    ] as const) {
      const { inputs } = readAction(folder);
      assert.deepEqual(
        reader((name) => inputs[name]?.default ?? ''),
        reader(() => ''),
      );
    }
  });

  for (const [folder, id, names] of [
    ['.', 'build', BUILD],
    // The build has signed already, and made the one image that there is.
    ['.', 'push', without(PUSH, 'digests', 'sbom', 'sign', 'signing-key', 'signing-passphrase')],
    ['actions/build', 'build', without(BUILD, 'push')],
    ['actions/push', 'push', PUSH],
  ] as const) {
    test(`${folder} hands every input of the ${id} to the bundle by the environment`, () => {
      const step = readAction(folder).runs.steps.find((each) => each.id === id);
      const handed = Object.entries(step?.env ?? {}).filter(([, value]) => !value.includes('steps.runtime.'));
      assert.deepEqual(handed.map(([key]) => key).sort(), names.map((name) => `INPUT_${name.toUpperCase()}`).sort());
      for (const [key, value] of handed) {
        assert.match(
          value,
          new RegExp(
            `^\\$\\{\\{ (inputs\\.${key.slice(6).toLowerCase()}|steps\\.build\\.outputs\\.(digest|oci-path)) \\}\\}$`,
          ),
        );
      }
    });
  }
});

test('the actions are composite', () => {
  for (const folder of ['.', 'actions/build', 'actions/push']) assert.equal(readAction(folder).runs.using, 'composite');
});

test('every flag of sealer build has its input', () => {
  const names: Readonly<Record<string, string>> = {
    tag: 'tags',
    platform: 'platforms',
    'build-arg': 'build-args',
    label: 'labels',
    annotation: 'annotations',
    secret: 'secrets',
    'insecure-registry': 'insecure-registries',
    // One input that says what two flags do.
    locked: 'lock',
    record: 'cluster',
  };
  // What an action says by outputs and groups instead.
  const elsewhere = ['json', 'quiet', 'progress', 'iidfile', 'metadata-file'];
  const build = createProgram(fakeContext().context).commands.find((each: Command) => each.name() === 'build');
  const flags = (build?.options ?? []).map(({ long }) => long?.replace('--', '') ?? '');
  assert.ok(flags.length > 20);
  for (const flag of without(flags, ...elsewhere))
    assert.ok(BUILD.includes(names[flag] ?? flag), `--${flag} has no input`);
});

suite('values', () => {
  const read = (inputs: Readonly<Record<string, string>>) => readBuildInputs((name) => inputs[name] ?? '');

  test('are read by the rules of docker/build-push-action', () => {
    const inputs = read({
      tags: 'a:1,b:2\nc:3',
      'build-args': 'LIST=a,b\nFROM_ENV',
      labels: 'k=v,w',
      secrets: 'token=abc\n"pem=line 1\nline 2"',
      'secret-envs': 'id=NAME,other=OTHER',
      'secret-files': 'key=./key,pem',
      pull: 'true',
      'no-cache': 'True',
    });
    assert.deepEqual(inputs.tags, ['a:1', 'b:2', 'c:3']);
    assert.deepEqual(inputs.buildArgs, ['LIST=a,b', 'FROM_ENV']);
    assert.deepEqual(inputs.labels, { k: 'v,w' });
    assert.deepEqual(inputs.secrets, { token: 'abc', pem: 'line 1\nline 2' });
    assert.deepEqual(inputs.secretEnvs, { id: 'NAME', other: 'OTHER' });
    assert.deepEqual(inputs.secretFiles, { key: './key,pem' });
    assert.deepEqual([inputs.pull, inputs.noCache], ['always', true]);
  });

  test('the Kubefile is in the context unless file or kubefile names it', () => {
    assert.equal(read({ context: 'deploy' }).file, 'deploy/Kubefile');
    assert.equal(read({ context: 'deploy', kubefile: 'K' }).file, 'K');
    assert.equal(read({ kubefile: 'K', file: 'F' }).file, 'F');
  });

  for (const [name, value] of [
    ['push', 'yes'],
    ['save-images', '1'],
    ['lint', 'maybe'],
    ['type', 'installer'],
    ['pull', 'sometimes'],
  ] as const) {
    test(`${name}: ${value} is refused, by name`, () => {
      const isRight = (error: unknown): boolean =>
        error instanceof SealerError && error.message.includes(`input ${name} is "${value}"`);
      assert.throws(() => read({ [name]: value }), isRight);
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  declareArgs,
  evaluateGlobals,
  fromScope,
  type Globals,
  platformArgs,
  sourceScope,
  stageScope,
} from '../../../src/build/stage/scope.ts';
import { type ArgInstruction, parseKubefile } from '../../../src/kubefile/index.ts';

const ARM = { os: 'linux', architecture: 'arm64' } as const;
const AMD = { os: 'linux', architecture: 'amd64' } as const;

function setUp(
  text: string,
  buildArgs: Record<string, string> = {},
): { globals: Globals; instructions: ArgInstruction[] } {
  const { kubefile } = parseKubefile(text, 'Kubefile');
  const given = { escape: kubefile.escape, buildArgs, platformArgs: platformArgs(ARM, AMD) };
  const instructions = kubefile.stages[0]?.instructions.filter((each) => each.kind === 'ARG') ?? [];
  return { globals: evaluateGlobals(kubefile.globals, given), instructions };
}

function declared(text: string, buildArgs?: Record<string, string>): Map<string, string> {
  const { globals, instructions } = setUp(text, buildArgs);
  const variables = { args: new Map<string, string>(), env: new Map<string, string>() };
  for (const instruction of instructions) declareArgs(instruction, variables, globals);
  return variables.args;
}

test('a global ARG is seen by FROM, and by a stage only once it is declared again', () => {
  const { globals } = setUp('ARG TAG=1\nFROM base:$TAG\n');
  assert.equal(fromScope(globals)('TAG'), '1');
  assert.deepEqual([...declared('ARG TAG=1\nFROM scratch\nARG TAG\n')], [['TAG', '1']]);
  assert.deepEqual([...declared('ARG TAG=1\nFROM scratch\n')], []);
});

test('--build-arg wins over every default', () => {
  assert.deepEqual(
    [...declared('ARG A=1\nFROM scratch\nARG A\nARG B=2\n', { A: 'x', B: 'y' })],
    [
      ['A', 'x'],
      ['B', 'y'],
    ],
  );
});

test('a build-arg keeps what stands after its second equals sign', () => {
  assert.deepEqual([...declared('FROM scratch\nARG A\n', { A: 'b=c' })], [['A', 'b=c']]);
});

test('platform arguments are given to FROM, and to a stage that declares them', () => {
  const { globals } = setUp('FROM scratch\n');
  assert.equal(fromScope(globals)('BUILDPLATFORM'), 'linux/amd64');
  assert.deepEqual([...declared('FROM scratch\nARG TARGETARCH\n')], [['TARGETARCH', 'arm64']]);
});

test('ENV wins over ARG, and sources see ARCH as the Go sealer gives it', () => {
  const { globals } = setUp('FROM scratch\n');
  const variables = { args: new Map([['A', 'arg']]), env: new Map([['A', 'env']]) };
  assert.equal(stageScope(variables)('A'), 'env');
  assert.equal(sourceScope(variables, globals)('ARCH'), 'arm64');
  assert.equal(stageScope(variables)('ARCH'), undefined);
});

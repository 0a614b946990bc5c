import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errors, errorsBelow, onlyProblem, warnings } from './reading.ts';

describe('stages', () => {
  test('two of one name are an error, in any letter case', () => {
    assert.deepEqual(errors('FROM a:1 AS x\nFROM b:1 AS X'), ['2:13 DUPLICATE_STAGE']);
  });

  test('COPY --from of a misspelt stage names the nearest one', () => {
    const problem = onlyProblem('FROM a:1 AS builder\nFROM scratch\nCOPY --from=biulder x y');
    assert.equal(problem.code, 'UNKNOWN_STAGE');
    assert.match(problem.hint ?? '', /Did you mean builder\?/);
  });

  test('COPY --from of a number counts only the stages above', () => {
    assert.deepEqual(errors('FROM a:1\nCOPY --from=0 x y\nFROM b:1\nCOPY --from=0 x y\nCOPY --from=1 x y'), [
      '2:13 UNKNOWN_STAGE',
      '5:13 UNKNOWN_STAGE',
    ]);
  });

  test('COPY --from of itself or of a stage further down is an error', () => {
    assert.deepEqual(errors('FROM a:1 AS x\nCOPY --from=y a b\nCOPY --from=X a b\nFROM a:1 AS y'), [
      '2:13 UNKNOWN_STAGE',
      '3:13 UNKNOWN_STAGE',
    ]);
  });

  test('COPY --from of an image is fine', () => {
    const text = ['nginx', 'builder:1', 'example.com/builde', 'mode'].map((image) => `COPY --from=${image} a b`);
    assert.deepEqual(errors(['FROM mode AS builder', 'FROM node AS x', ...text].join('\n')), []);
  });

  test('a target that does not exist names the nearest stage', () => {
    const problem = onlyProblem('FROM a:1 AS final', { target: 'finla' });
    assert.equal(problem.code, 'UNKNOWN_STAGE');
    assert.match(problem.hint ?? '', /final/);
    assert.deepEqual(errors('FROM a:1 AS final', { target: 'FINAL' }), []);
    assert.deepEqual(errors('FROM a:1 AS final', { target: '0' }), []);
    assert.deepEqual(errors('', { target: 'x' }), ['1:1 MISSING_FROM']);
  });
});

describe('apps', () => {
  test('LAUNCH, APPENV and APPCMDS of an unknown app name the nearest one, at its place', () => {
    assert.deepEqual(errorsBelow('APP web a\nAPPENV wbe A=b\nAPPCMDS webb ["x"]\nLAUNCH ["web", "wob"]'), [
      '3:8 UNKNOWN_APP',
      '4:9 UNKNOWN_APP',
      '5:16 UNKNOWN_APP',
    ]);
    assert.equal(onlyProblem('FROM scratch\nAPP web a\nLAUNCH wbe').hint, 'Did you mean web?');
    assert.equal(onlyProblem('FROM scratch\nAPP web a\nLAUNCH mysql').hint, 'The apps are web.');
    assert.equal(onlyProblem('FROM scratch\nLAUNCH mysql').hint, 'Declare it by APP mysql source.');
  });

  test('apps of the base image count, and while they are unknown nothing is wrong', () => {
    const text = 'FROM base:1\nAPP web a\nLAUNCH web dashboard';
    assert.deepEqual(errors(text), []);
    assert.deepEqual(errors(text, { inheritedApps: ['dashboard'] }), []);
    assert.deepEqual(errors(text, { inheritedApps: [] }), ['3:12 UNKNOWN_APP']);
  });

  test('apps of a stage count in the stages that are based on it, and in no others', () => {
    const text = 'FROM scratch AS a\nAPP web x\nFROM a AS b\nAPP db x\nFROM b\nLAUNCH web db\nFROM scratch\nLAUNCH web';
    assert.deepEqual(errors(text), ['8:8 UNKNOWN_APP']);
  });

  test('the apps of the base image belong to the chain of the target alone', () => {
    const text = 'FROM base:1 AS a\nLAUNCH x\nFROM other:1 AS b\nLAUNCH x\nFROM b AS c\nLAUNCH x y';
    assert.deepEqual(errors(text, { inheritedApps: ['x'] }), ['6:10 UNKNOWN_APP']);
    assert.deepEqual(errors(text, { inheritedApps: ['y'], target: 'a' }), ['2:8 UNKNOWN_APP']);
  });

  test('one that is declared twice in a stage is an error, by APP, CNI or CSI', () => {
    assert.deepEqual(errorsBelow('APP a x\nCNI a y'), ['3:5 DUPLICATE_APP']);
    assert.deepEqual(errors('FROM scratch AS s\nAPP a x\nFROM s\nAPP a y'), []);
  });
});

describe('what starts', () => {
  test('LAUNCH, CMDS and KUBEVERSION stand once in a stage', () => {
    assert.deepEqual(errorsBelow('APP a x\nLAUNCH a\nLAUNCH a'), ['4:1 DUPLICATE_INSTRUCTION']);
    assert.deepEqual(errorsBelow('CMDS ["a"]\nCMDS ["b"]'), ['3:1 DUPLICATE_INSTRUCTION']);
    assert.deepEqual(errorsBelow('KUBEVERSION 1\nKUBEVERSION 1'), ['3:1 DUPLICATE_INSTRUCTION']);
    assert.deepEqual(errors('FROM scratch AS a\nCMDS ["a"]\nFROM a\nCMDS ["b"]'), []);
  });

  test('a stage may launch what its base runs by commands', () => {
    assert.deepEqual(errors('FROM scratch AS a\nAPP x y\nCMDS ["a"]\nFROM a\nLAUNCH x'), []);
  });
});

describe('warnings', () => {
  test('a LAUNCH that is not the last', () => {
    assert.deepEqual(warnings('FROM scratch\nAPP a x\nLAUNCH a\nLABEL b=c'), ['3:1 LAUNCH_NOT_LAST']);
    assert.deepEqual(warnings('FROM scratch\nCMDS ["a"]\nCMD b'), []);
  });

  test('an app that is launched twice', () => {
    assert.deepEqual(warnings('FROM scratch\nAPP a x\nLAUNCH a a'), ['3:10 BAD_ARGUMENTS']);
  });

  test('a base image without a version', () => {
    assert.deepEqual(warnings('FROM a:5000/b\nFROM a:latest\nFROM a:1 AS x\nFROM x\nFROM scratch\nFROM a@sha256:b'), [
      '1:6 UNPINNED_BASE',
      '2:6 UNPINNED_BASE',
    ]);
  });

  test('names that look like secrets', () => {
    const lines = ['ENV DB_PASSWORD=x', 'ARG GITHUB_TOKEN', 'ENV TOKEN_FILE=/x APIKEY="" PASSWORDLESS=1'];
    assert.deepEqual(warnings(['ARG API_KEY', 'FROM scratch', ...lines].join('\n')), [
      '1:5 SECRET_IN_IMAGE',
      '3:5 SECRET_IN_IMAGE',
      '4:5 SECRET_IN_IMAGE',
    ]);
  });

  test('CMD is no reason to warn', () => {
    assert.deepEqual(warnings('FROM scratch\nCMD a'), []);
  });
});

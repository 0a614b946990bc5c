import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeInstruction } from '../../../src/kubefile/index.ts';
import { errors, errorsBelow, lint, one, onlyProblem, parse } from './reading.ts';

describe('FROM', () => {
  test('has a platform, an image and a name, each with its place', () => {
    const [stage] = parse('ARG P=linux/arm64\nFROM --platform=$P example.com/base:1 as Base').stages;
    assert.deepEqual(stage?.from, {
      kind: 'FROM',
      at: { file: 'Kubefile', line: 2, column: 1 },
      text: 'FROM --platform=$P example.com/base:1 as Base',
      platform: { text: '$P', at: { file: 'Kubefile', line: 2, column: 17 } },
      image: { text: 'example.com/base:1', at: { file: 'Kubefile', line: 2, column: 20 } },
      as: 'base',
      asAt: { file: 'Kubefile', line: 2, column: 42 },
    });
    assert.equal(stage?.name, 'base');
  });

  test('malformed arguments, platforms and names are told apart', () => {
    assert.deepEqual(errors('FROM'), ['1:1 BAD_ARGUMENTS']);
    assert.deepEqual(errors('FROM a b'), ['1:1 BAD_ARGUMENTS']);
    assert.deepEqual(errors('FROM a:1 AS b c'), ['1:1 BAD_ARGUMENTS']);
    assert.deepEqual(errors('FROM --platform=linux/amd64/v8/x a:1'), ['1:17 BAD_PLATFORM']);
    assert.deepEqual(errors('FROM a:1 AS 1st'), ['1:13 BAD_NAME']);
    assert.deepEqual(errors('FROM a:1 AS scratch'), ['1:13 BAD_NAME']);
  });

  test('a variable that no ARG above declares has no value ever', () => {
    assert.deepEqual(errors('FROM ${BASE}'), ['1:6 BAD_VARIABLE']);
    assert.deepEqual(errors('FROM ${BASE:-x:1}'), []);
    assert.deepEqual(errors('FROM --platform=$BUILDPLATFORM x:$TARGETARCH'), []);
    assert.match(onlyProblem('ARG BASE_IMAGE\nFROM $BASEIMAGE').hint ?? '', /Did you mean \$\{BASE_IMAGE\}/);
  });
});

describe('COPY and ADD', () => {
  test('the JSON form takes blanks as they are', () => {
    const copy = one('COPY', 'COPY ["a b", "c", "d e/"]');
    assert.deepEqual(
      copy.sources.map((source) => 'text' in source && source.text),
      ['a b', 'c'],
    );
    assert.equal(copy.destination.text, 'd e/');
    assert.deepEqual(copy.destination.at, { file: 'Kubefile', line: 2, column: 19 });
  });

  test('too few operands, and several into what is no folder', () => {
    assert.deepEqual(errorsBelow('COPY a'), ['2:1 BAD_ARGUMENTS']);
    assert.deepEqual(errorsBelow('ADD'), ['2:1 BAD_ARGUMENTS']);
    assert.deepEqual(errorsBelow('COPY a b c'), ['2:10 BAD_DESTINATION']);
    assert.deepEqual(errorsBelow('COPY a b .\nCOPY a b ..\nCOPY a b x/.\nCOPY a b $C\nCOPY a b "c d/"'), []);
  });

  test('flags are known by instruction, and the nearest one is named', () => {
    assert.match(onlyProblem('FROM scratch\nCOPY --form=x a b').hint ?? '', /--from/);
    assert.match(onlyProblem('FROM scratch\nADD --from=x a b').hint ?? '', /COPY --from/);
    assert.match(onlyProblem('FROM scratch\nCOPY --link a b').hint ?? '', /Remove it/);
    assert.deepEqual(errorsBelow('COPY --chmod=755 --chmod=644 a b'), ['2:18 BAD_FLAG']);
    assert.deepEqual(errorsBelow('COPY --chmod a b'), ['2:6 BAD_FLAG']);
    assert.deepEqual(errorsBelow('COPY --chmod=u+x a b'), ['2:14 BAD_FLAG']);
    assert.deepEqual(errorsBelow('COPY --chmod=$MODE -- --a b'), []);
  });

  test('a checksum belongs to one URL', () => {
    const checksum = `sha256:${'0'.repeat(64)}`;
    assert.deepEqual(errorsBelow(`ADD --checksum=${checksum} https://example.com/a /a`), []);
    assert.deepEqual(errorsBelow(`ADD --checksum=${checksum} a /a`), ['2:16 BAD_FLAG']);
    assert.deepEqual(errorsBelow('ADD --checksum=sha256:12 https://example.com/a /a'), ['2:16 BAD_FLAG']);
  });

  test('COPY does not download', () => {
    assert.match(onlyProblem('FROM scratch\nCOPY https://example.com/a /a').hint ?? '', /ADD/);
  });

  test('open quotes and malformed variables are found before a build begins', () => {
    assert.deepEqual(errorsBelow('COPY "a b'), ['2:6 BAD_QUOTES', '2:1 BAD_ARGUMENTS'].toSorted());
    assert.deepEqual(errorsBelow('COPY a${ b'), ['2:1 BAD_ARGUMENTS', '2:7 BAD_VARIABLE']);
    assert.deepEqual(errorsBelow('COPY a b${X|y}'), ['2:9 BAD_VARIABLE']);
  });
});

describe('RUN', () => {
  test('has a shell form and an exec form', () => {
    assert.deepEqual(one('RUN', 'RUN echo "$A" \'b').command, { form: 'shell', script: 'echo "$A" \'b' });
    assert.deepEqual(one('RUN', 'RUN [ "sh" , "-c", "echo \\u0041" ]').command, {
      form: 'exec',
      argv: ['sh', '-c', 'echo A'],
    });
  });

  test('a test in brackets is a shell line, and a broken list is not taken for one', () => {
    for (const line of ['[ -f x ] && y', '[ "$x" = y ] || z', '[[ a == b ]]']) {
      assert.deepEqual(one('RUN', `RUN ${line}`).command, { form: 'shell', script: line });
    }
    assert.deepEqual(errorsBelow('RUN ["a", "b"'), ['2:14 BAD_JSON']);
    assert.deepEqual(errorsBelow("RUN ['a']"), ['2:6 BAD_JSON']);
    assert.deepEqual(errorsBelow('RUN []\nRUN'), ['2:1 BAD_ARGUMENTS', '3:1 BAD_ARGUMENTS']);
  });

  test('mounts caches and secrets', () => {
    const run = one(
      'RUN',
      'RUN --mount=type=cache,id=c,target=/a,sharing=locked --mount=type=cache,dst=/b,ro ' +
        '--mount=type=secret,id=t --mount=type=secret,target=/x/key,env=K,required,mode=0440 do it',
    );
    assert.deepEqual(run.command, { form: 'shell', script: 'do it' });
    assert.deepEqual(run.mounts, [
      { type: 'cache', id: 'c', target: '/a', readonly: false },
      { type: 'cache', id: undefined, target: '/b', readonly: true },
      { type: 'secret', id: 't', target: undefined, env: undefined, required: false, mode: 0o400 },
      { type: 'secret', id: 'key', target: '/x/key', env: 'K', required: true, mode: 0o440 },
    ]);
  });

  test('other mounts and options are errors', () => {
    for (const mount of [
      'type=bind,target=/x',
      'target=/x',
      'type=cache',
      'type=cache,target=/x,uid=0',
      'type=cache,target=/x,target=/y',
      'type=cache,target=$HOME',
      'type=secret',
      'type=secret,id=a,mode=9',
      'type=secret,id=a,env=1',
      'type=secret,id=a,required=perhaps',
    ]) {
      assert.deepEqual(errorsBelow(`RUN --mount=${mount} x`), ['2:13 BAD_FLAG'], mount);
    }
    assert.match(onlyProblem('FROM scratch\nRUN --mount=type=secret,id=a,requird x').hint ?? '', /required/);
  });
});

describe('ENV, LABEL and ARG', () => {
  test('what is no pair is reported where it stands', () => {
    assert.deepEqual(errorsBelow('ENV A=b C D=e'), ['2:9 BAD_ARGUMENTS']);
    assert.deepEqual(errorsBelow('ENV'), ['2:1 BAD_ARGUMENTS']);
    assert.deepEqual(errorsBelow('LABEL a'), ['2:1 BAD_ARGUMENTS']);
    assert.deepEqual(errorsBelow('ARG'), ['2:1 BAD_ARGUMENTS']);
  });

  test('names have their rules, and labels have others', () => {
    assert.deepEqual(errorsBelow('ENV 1A=b A,B=c =d'), ['2:5 BAD_NAME', '2:10 BAD_NAME', '2:16 BAD_NAME']);
    assert.deepEqual(errorsBelow('ARG A B=1 C-D=2 é=3'), ['2:17 BAD_NAME']);
    const label = one('LABEL', 'LABEL "cluster.alpha.sealer.io/kube-cni-x"="true" a.b/c=$D');
    assert.deepEqual(
      label.pairs.map(({ name }) => name.text),
      ['"cluster.alpha.sealer.io/kube-cni-x"', 'a.b/c'],
    );
  });

  test('ARG declares several, with and without a default', () => {
    assert.deepEqual(
      one('ARG', 'ARG A B="x y" C=').pairs.map(({ name, value }) => [name, value?.text]),
      [
        ['A', undefined],
        ['B', '"x y"'],
        ['C', ''],
      ],
    );
  });
});

describe('apps', () => {
  test('APP needs a usable name and a source', () => {
    assert.deepEqual(errorsBelow('APP'), ['2:1 BAD_ARGUMENTS']);
    assert.deepEqual(errorsBelow('APP web'), ['2:1 BAD_ARGUMENTS']);
    assert.deepEqual(errorsBelow('APP ../web a\nAPP $X a\nAPP .. a'), ['2:5 BAD_NAME', '3:5 BAD_NAME', '4:5 BAD_NAME']);
    assert.deepEqual(errorsBelow('APP "web" a\nLAUNCH web'), []);
  });

  test('APPENV sets the environment of one app', () => {
    const appEnv = one('APPENV', 'APPENV web A="x y" B=$C');
    assert.equal(appEnv.app, 'web');
    assert.deepEqual(
      appEnv.pairs.map(({ name, value }) => [name.text, value.text]),
      [
        ['A', '"x y"'],
        ['B', '$C'],
      ],
    );
    assert.deepEqual(errorsBelow('APP web a\nAPPENV web\nAPPENV web A b'), [
      '3:1 BAD_ARGUMENTS',
      '4:12 BAD_ARGUMENTS',
      '4:14 BAD_ARGUMENTS',
    ]);
  });

  test('APPCMDS and CMDS need a list', () => {
    assert.deepEqual(errorsBelow('APP web a\nAPPCMDS web kubectl\nAPPCMDS web []\nAPPCMDS web'), [
      '3:1 BAD_ARGUMENTS',
      '4:1 BAD_ARGUMENTS',
      '5:1 BAD_ARGUMENTS',
    ]);
    assert.deepEqual(errorsBelow('CMDS kubectl get'), ['2:1 BAD_ARGUMENTS']);
    assert.deepEqual(one('CMDS', 'CMDS ["a b", "c"]').commands, ['a b', 'c']);
  });

  test('LAUNCH takes words or a list, each app with its place', () => {
    const launch = one('LAUNCH', 'LAUNCH b  "a"');
    assert.deepEqual(launch.apps, ['b', 'a']);
    assert.deepEqual(
      launch.appsAt.map(({ column }) => column),
      [8, 11],
    );
    assert.deepEqual(
      one('LAUNCH', 'LAUNCH [ "b","a" ]').appsAt.map(({ column }) => column),
      [10, 14],
    );
    assert.deepEqual(errorsBelow('LAUNCH'), ['2:1 BAD_ARGUMENTS']);
    assert.match(onlyProblem('FROM x:1\nLAUNCH a,b').hint ?? '', /blanks, not commas/);
  });
});

describe('JSON lists say what is wrong with them', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['["a", "b"', 17, /Add \]/],
    ['["a", ', 13, /Add \]/],
    ['["a" "b"]', 13, /comma/],
    ['["a",]', 13, /last comma/],
    ['"a", "b"]', 8, /Put \[/],
    ["['a']", 9, /instead of '/],
    ['[“a”]', 9, /instead of “/],
    ['["a", 1]', 14, /strings/],
    ['["a"] b', 14, /behind \]/],
    ['["a', 9, /Add "/],
    ['["\\d"]', 9, /backslash/],
  ];
  for (const [list, column, hint] of cases) {
    test(list, () => {
      const [problem] = lint(`FROM x:1\nLAUNCH ${list}`);
      assert.equal(problem?.code, 'BAD_JSON');
      assert.deepEqual(problem.at, { file: 'Kubefile', line: 2, column });
      assert.match(problem.hint ?? '', hint);
    });
  }
});

test('MAINTAINER and WORKDIR take the rest of the line', () => {
  assert.equal(one('MAINTAINER', "MAINTAINER Flann O'Brien <f@example.com>").name, "Flann O'Brien <f@example.com>");
  assert.equal(one('WORKDIR', 'WORKDIR  "/a b" ').path.text, '"/a b"');
});

test('describeInstruction is one short line', () => {
  assert.equal(describeInstruction(one('RUN', 'run  a  \\\n  && b')), 'RUN a && b');
  assert.equal(describeInstruction(one('RUN', `RUN ${'x'.repeat(300)}`), 20).length, 20);
});

/** What the Go sealer gets wrong about Kubefiles, and what became of each. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expandWord, type Pair } from '../../../src/kubefile/index.ts';
import { errors, errorsBelow, one, onlyProblem, parse } from './reading.ts';

const texts = (words: readonly { readonly text?: string }[]): readonly (string | undefined)[] =>
  words.map(({ text }) => text);
const valuesOf = (pairs: readonly Pair[]): Readonly<Record<string, string>> =>
  Object.fromEntries(pairs.map(({ name, value }) => [name.text, expandWord(value, () => undefined, '\\')]));

describe('COPY', () => {
  test('with many sources keeps them all, and the last word is the destination', () => {
    const copy = one('COPY', 'COPY a b c dest/');
    assert.deepEqual(
      copy.sources.map((source) => ('text' in source ? source.text : undefined)),
      ['a', 'b', 'c'],
    );
    assert.equal(copy.destination.text, 'dest/');
  });

  test('keeps --from, --chown and --chmod instead of dropping them in silence', () => {
    const { stages } = parse('FROM scratch AS x\nFROM scratch\nCOPY --from=x --chown=1:2 --chmod=0755 a /b\n');
    const [copy] = stages[1]?.instructions ?? [];
    assert.ok(copy?.kind === 'COPY');
    assert.deepEqual([copy.from?.text, copy.chown?.text, copy.chmod?.text], ['x', '1:2', '0755']);
  });

  test('keeps any variable in a source, not only $ARCH', () => {
    const copy = one('COPY', 'COPY bin/$TARGETARCH/${NAME:-x y}.sh /bin/');
    const [source] = copy.sources;
    assert.ok(source !== undefined && 'text' in source);
    assert.equal(source.text, 'bin/$TARGETARCH/${NAME:-x y}.sh');
  });
});

describe('ENV', () => {
  test('ENV A="hello world" is hello world, not "hello', () => {
    assert.deepEqual(valuesOf(one('ENV', `ENV A="hello world" B='it is' C=a\\ b D="say \\"x\\""`).pairs), {
      A: 'hello world',
      B: 'it is',
      C: 'a b',
      D: 'say "x"',
    });
  });

  test('ENV A hello is recorded like ENV A=hello', () => {
    assert.deepEqual(valuesOf(one('ENV', 'ENV A hello').pairs), { A: 'hello' });
    assert.deepEqual(valuesOf(one('ENV', 'ENV A  hello wide   world ').pairs), { A: 'hello wide   world' });
    assert.deepEqual(valuesOf(one('ENV', 'ENV A b=c').pairs), { A: 'b=c' });
  });

  test('values keep their equals signs', () => {
    assert.deepEqual(valuesOf(one('ENV', 'ENV OPTS=--a=b=c').pairs), { OPTS: '--a=b=c' });
    assert.equal(one('ARG', 'ARG OPTS=--a=b=c').pairs[0]?.value?.text, '--a=b=c');
  });
});

describe('APPCMDS', () => {
  test('works in any letter case', () => {
    assert.deepEqual(one('APPCMDS', 'appcmds web ["a"]\n').commands, ['a']);
    assert.deepEqual(one('APPCMDS', 'AppCmds web ["a"]\n').commands, ['a']);
  });

  test('keeps its commands as a list: they are never joined by a blank', () => {
    const { app, commands } = one('APPCMDS', 'APPCMDS web ["kubectl apply -f a.yaml", "kubectl apply -f b.yaml"]');
    assert.equal(app, 'web');
    assert.deepEqual(commands, ['kubectl apply -f a.yaml', 'kubectl apply -f b.yaml']);
  });
});

describe('CMD', () => {
  test('as JSON is a quoted shell line, not the JSON', () => {
    assert.deepEqual(one('CMD', 'CMD ["echo", "a b", "it\'s", "$X", "", "--k=v", "A=b"]').commands, [
      `echo 'a b' 'it'\\''s' '$X' '' --k=v 'A=b'`,
    ]);
  });

  test('as a shell line is kept to the letter', () => {
    assert.deepEqual(one('CMD', 'CMD kubectl  apply -f "a b" && [ -f x ]').commands, [
      'kubectl  apply -f "a b" && [ -f x ]',
    ]);
    assert.deepEqual(one('CMD', 'CMD [ -f x ] && y').commands, ['[ -f x ] && y']);
  });

  test('may be repeated, also below CMDS, and excludes LAUNCH', () => {
    const [stage] = parse('FROM scratch\nCMDS ["a"]\nCMD b\nCMD c').stages;
    assert.deepEqual(
      stage?.instructions.map((instruction) => 'commands' in instruction && instruction.commands),
      [['a'], ['b'], ['c']],
    );
    assert.deepEqual(errorsBelow('CMDS ["a"]\nCMD b\nCMD c'), []);
    assert.deepEqual(errorsBelow('APP a x\nLAUNCH a\nCMD b'), ['4:1 LAUNCH_CONFLICT']);
    assert.deepEqual(errorsBelow('APP a x\nCMDS ["b"]\nLAUNCH a'), ['4:1 LAUNCH_CONFLICT']);
  });
});

describe('instructions that it refuses', () => {
  test('WORKDIR and several stages are part of the language', () => {
    const { stages } = parse('FROM a:1 AS one\nWORKDIR /a b\nFROM one AS two\nCOPY --from=0 x y');
    assert.deepEqual(
      stages.map(({ name }) => name),
      ['one', 'two'],
    );
    assert.deepEqual(
      stages[0]?.instructions.map((node) => node.kind === 'WORKDIR' && node.path.text),
      ['/a b'],
    );
  });

  test('an unknown keyword is an error with its line and column, and names the nearest', () => {
    const { code, at, hint } = onlyProblem('FROM base:1\n\n  LUANCH ["a"]', { inheritedApps: ['a'] });
    assert.deepEqual(errors('FROM scratch\n\n  WORKDIRECTORY x'), ['3:3 UNKNOWN_INSTRUCTION']);
    assert.equal(code, 'UNKNOWN_INSTRUCTION');
    assert.deepEqual(at, { file: 'Kubefile', line: 3, column: 3 });
    assert.equal(hint, 'Did you mean LAUNCH?');
  });
});

describe('APP', () => {
  test('has any number of sources, of any scheme, and a checksum for one that is downloaded', () => {
    const sources = ['local://a', './b c', 'https://example.com/x.tgz', 'oci://example.com/charts/x:1'];
    assert.deepEqual(texts(one('APP', `APP web local://a "./b c" ${sources.slice(2).join(' ')}`).sources), [
      'local://a',
      '"./b c"',
      'https://example.com/x.tgz',
      'oci://example.com/charts/x:1',
    ]);
    const checksum = `sha256:${'ab'.repeat(32)}`;
    assert.equal(one('APP', `APP --checksum=${checksum} web https://example.com/x.tgz`).checksum?.text, checksum);
  });

  test('CNI and CSI are apps too', () => {
    assert.deepEqual(errorsBelow('CNI calico a.yaml\nCSI disk b.yaml\nLAUNCH calico disk'), []);
  });
});

test('KUBEVERSION is a constraint that is checked, quotes or not', () => {
  assert.equal(one('KUBEVERSION', "KUBEVERSION '>=1.28'").constraint, '>=1.28');
  assert.equal(one('KUBEVERSION', 'KUBEVERSION ">=1.26, <1.30 || ~1.20"').constraint, '>=1.26, <1.30 || ~1.20');
  assert.equal(one('KUBEVERSION', 'KUBEVERSION >=1.26 <1.30').constraint, '>=1.26 <1.30');
  assert.deepEqual(errorsBelow("KUBEVERSION '>=1.28 or so'"), ['2:21 BAD_CONSTRAINT']);
});

/** Whatever a file holds: no exception, no endless work, and places that exist. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkKubefile, expandHeredoc, expandWord, parseKubefile, type Word } from '../../../src/kubefile/index.ts';
import { lint } from './reading.ts';

const VALID = `# escape=\\
ARG BASE=example.com/k3s:v1
FROM --platform=$BUILDPLATFORM \${BASE:-x:1} AS base
RUN --mount=type=cache,target=/c set -e; \\
  # comment

  echo "\${A:-b}" 'c'
COPY --from=tools:1 --chown=1:2 "a b" c\\ d \${X/+/-} /dest/
COPY <<EOF <<-"RAW" /etc/
$A \${B:+c}
EOF
	$raw
	RAW
FROM base
ENV A="hello world" B=\${A%% *} C='x'
ENV LEGACY some value
LABEL "a.b/c"="d"
APP web ./web https://example.com/x.tgz
APPENV web K=V
APPCMDS web ["a \\"b\\"", "c"]
CNI calico calico.yaml
KUBEVERSION '>=1.26, <1.30 || ~1.20'
LAUNCH ["web", "calico"]
`;
const SNIPPETS =
  '" \' \\ ` $ ${ } [ ] <<E # -- = , || :- / ~ \n \r\n \t \uFEFF \u0000 😀 FROM LAUNCH @ :? <<-"E" \\\n'.split(' ');

/** A small generator with a seed, so that what fails once fails again (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function mutate(text: string, random: (limit: number) => number): string {
  let result = text;
  for (let count = 1 + random(6); count > 0; count--) {
    const at = random(result.length + 1);
    const snippet = SNIPPETS[random(SNIPPETS.length)] ?? '';
    const removed = random(3) === 0 ? 0 : random(12);
    result = result.slice(0, at) + (random(4) === 0 ? ' ' : snippet) + result.slice(at + removed);
  }
  return result;
}

/** Everything in an AST that can be expanded. */
function* wordsOf(node: unknown): Generator<Word> {
  if (typeof node !== 'object' || node === null) return;
  if ('text' in node && typeof node.text === 'string' && !('kind' in node)) {
    yield { text: node.text, at: { file: 'Kubefile' } };
  }
  for (const child of Object.values(node)) yield* wordsOf(child);
}

describe('mutations of a valid Kubefile', () => {
  test('the Kubefile itself is valid', () => assert.deepEqual(lint(VALID), []));

  test('never throw, and each problem stands at a place in the file', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const text = mutate(VALID, randomNumbers(seed));
      const lines = text.split('\n');
      for (const { at, message } of lint(text, { inheritedApps: ['x'] })) {
        const line = lines[(at?.line ?? 0) - 1];
        const column = at?.column ?? 0;
        assert.ok(
          line !== undefined && column >= 1 && column <= line.length + 1,
          `seed ${seed}: ${message}, ${column}`,
        );
      }
    }
  });

  test('words without a problem can be expanded', () => {
    let expanded = 0;
    for (let seed = 1; seed <= 1000; seed++) {
      const { kubefile, problems } = parseKubefile(mutate(VALID, randomNumbers(seed)), 'Kubefile');
      if (problems.length > 0) continue;
      expanded++;
      for (const instruction of kubefile.stages.flatMap((stage) => stage.instructions)) {
        for (const word of wordsOf(instruction)) expandWord(word, () => 'value', kubefile.escape);
        if (instruction.kind !== 'COPY') continue;
        for (const source of instruction.sources) {
          if ('content' in source) expandHeredoc(source, () => 'value', kubefile.escape);
        }
      }
    }
    assert.ok(expanded > 50);
  });
});

/** A megabyte (or the given length) of one thing, made from its number. */
function megabyte(piece: (index: number) => string, size = 1_000_000): string {
  const pieces: string[] = [];
  for (let index = 0, length = 0; length < size; index++) {
    const text = piece(index);
    pieces.push(text);
    length += text.length;
  }
  return pieces.join('');
}

const below = (text: string): string => `FROM scratch\n${text}`;
const LARGE: Readonly<Record<string, () => string>> = {
  'sensible instructions': () => below(megabyte((i) => `COPY a${i} "b c" /d/\nENV A${i}="x y"\nRUN echo ${i}\n`)),
  'one instruction of continuation lines': () => below(`RUN x${megabyte((i) => ` \\\n  y${i}`)}`),
  'unknown keywords': () => megabyte((i) => `${'abcdefgh'[i % 8]}${'abcdefg'[i % 7]}d\n`),
  'misspelt keywords': () => megabyte((i) => `KUBEVERSIO${i.toString(36)}\n`),
  'heredocs without an end': () => below(`COPY ${megabyte((i) => `<<A${i} `)}/x/\n`),
  quotes: () => below(`ENV A=${megabyte(() => `"'`)}`),
  'nested variables': () => below(`ENV A=${megabyte(() => '${a:-')}`),
  'dollar signs': () => below(`ENV A=${megabyte(() => '$')}`),
  backslashes: () => below(`COPY ${megabyte(() => '\\')}`),
  blanks: () => below(`RUN x${megabyte(() => ' ')}y`),
  mounts: () => below(`RUN ${megabyte(() => '--mount=type=cache,target=/x ')}y`),
  'unknown flags': () => below(`RUN ${megabyte((i) => `--x${i} `)}`),
  'a JSON list': () => below(`CMDS [${megabyte((i) => `"a${i}",`)}"z"]`),
  'stages on stages': () => megabyte((i) => `FROM a${i - 1} AS a${i}\nAPP p${i} x\n`),
  'copies between stages': () => megabyte((i) => `FROM x:1 AS a${i}\nCOPY --from=b${i} x y\n`),
  'unknown apps': () =>
    below(`${megabyte((i) => `APP aaaa${i} x\n`, 500_000)}LAUNCH ${megabyte((i) => `aaab${i} `, 500_000)}`),
  'a constraint': () => below(`KUBEVERSION ${megabyte(() => '>=1.2 ')}`),
  'a constraint of dots': () => below(`KUBEVERSION 1.2.3-${megabyte(() => 'a.')}`),
};

/** Milliseconds. Half a second is what the slowest takes; what grows with the square takes minutes. */
const LIMIT = 3000;

/** Milliseconds of computing, the best of three: neither a busy machine nor a collection of garbage is endless work. */
function fastest(work: () => void): number {
  const times: number[] = [];
  while (times.length < 3 && Math.min(...times) >= LIMIT) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    times.push(Math.round((user + system) / 1000));
  }
  return Math.min(...times);
}

describe('a megabyte is parsed within seconds, and checked within seconds', () => {
  for (const [name, make] of Object.entries(LARGE)) {
    test(`of ${name}`, () => {
      const text = make();
      let { kubefile } = parseKubefile('', 'Kubefile');
      const parsed = fastest(() => {
        ({ kubefile } = parseKubefile(text, 'Kubefile'));
      });
      const checked = fastest(() => checkKubefile(kubefile, { inheritedApps: [] }));
      assert.ok(parsed < LIMIT && checked < LIMIT, `parsed in ${parsed} ms, checked in ${checked} ms`);
    });
  }
});

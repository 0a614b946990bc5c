import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { lockedBase, lockedChart, parseLock, recordedImages, writeLock } from '../../../src/image-lock/index.ts';
import { digest, image, lockOf } from './locks.ts';

const D = digest('d');
const NGINX = 'docker.io/library/nginx:1.27';

function failure(text: string): SealerError {
  try {
    parseLock(text, 'deploy/images.lock');
  } catch (error) {
    if (error instanceof SealerError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

test('a lock says what images, bases and charts were, and which a recording found', () => {
  const lock = parseLock(
    `version: 1
images:
  ${NGINX}: { digest: ${D}, platforms: { linux/amd64: ${D} }, from: [ a.yaml ] }
  quay.io/op/worker:v2:
    digest: ${D}
    from:
      - found by recording (Deployment op/worker)
bases:
  docker.io/library/k3s:v1.33:
    digest: ${D}
charts:
  oci://registry.example.com/charts/x:1.2.3:
    digest: ${D}
`,
    'images.lock',
  );
  deepEqual(lock.images.get(NGINX), { digest: D, platforms: { 'linux/amd64': D }, from: ['a.yaml'] });
  deepEqual(recordedImages(lock), ['quay.io/op/worker:v2']);
  equal(lockedBase(lock, 'docker.io/library/k3s:v1.33'), D);
  equal(lockedBase(lock, 'docker.io/library/k3s:v1'), undefined);
  equal(lockedChart(lock, 'oci://registry.example.com/charts/x:1.2.3'), D);
});

const FAULTS: readonly (readonly [
  name: string,
  text: string,
  line: number | undefined,
  message: RegExp,
  hint: RegExp,
])[] = [
  ['an empty file', '', undefined, /deploy\/images\.lock is empty/, /Remove it/],
  ['nothing but a comment', '# later\n', undefined, /is empty/, /Remove it/],
  ['nothing but a byte order mark', '\uFEFF', undefined, /is empty/, /Remove it/],
  ['no version', 'images: {}\n', 1, /does not say its version/, /version: 1/],
  ['a later version', '# x\nversion: 2\n', 2, /version is "2", and this sealer knows 1/, /sealer that wrote/],
  ['a misspelt section', 'version: 1\nimage: {}\n', 2, /"image" is not known in the lock/, /Did you mean images/],
  ['an unknown section', 'version: 1\nvolumes: {}\n', 2, /"volumes"/, /Known are version, images, bases, charts/],
  [
    'a misspelt field',
    `version: 1\nimages:\n  ${NGINX}:\n    digest: ${D}\n    platform: {}\n`,
    5,
    /"platform" is not known/,
    /Did you mean platforms/,
  ],
  [
    'a name that stands twice',
    `version: 1\nimages:\n  ${NGINX}: { digest: ${D} }\n  ${NGINX}: { digest: ${D} }\n`,
    4,
    /stands twice, first in line 3/,
    /Keep one/,
  ],
  [
    'a short name',
    `version: 1\nimages:\n  nginx: { digest: ${D} }\n`,
    3,
    /"nginx" is not a complete/,
    /nginx:latest\./,
  ],
  [
    'a name that is none',
    `version: 1\nimages:\n  "a b": { digest: ${D} }\n`,
    3,
    /"a b" is not a complete/,
    /registry\/path/,
  ],
  ['no digest', `version: 1\nimages:\n  ${NGINX}: { from: [a] }\n`, 3, /has no digest/, /--update/],
  [
    'a digest that is none',
    `version: 1\nimages:\n  ${NGINX}:\n    digest: sha256:abc\n`,
    4,
    /"sha256:abc" is not a digest/,
    /64/,
  ],
  [
    'a name that pins another digest',
    `version: 1\nimages:\n  ${NGINX}@${digest('other')}:\n    digest: ${D}\n`,
    4,
    /one digest and its entry another/,
    /wrong/,
  ],
  [
    'a platform in other words',
    `version: 1\nimages:\n  ${NGINX}:\n    digest: ${D}\n    platforms:\n      linux/x86_64: ${D}\n`,
    6,
    /"linux\/x86_64" is not a complete platform/,
    /Write linux\/amd64/,
  ],
  [
    'from without a list',
    `version: 1\nimages:\n  ${NGINX}: { digest: ${D}, from: a }\n`,
    3,
    /from is not a list/,
    /line/,
  ],
  ['a chart from nowhere', `version: 1\ncharts:\n  x: { digest: ${D} }\n`, 3, /where a chart comes from/, /oci:/],
  ['a list', '- a\n', 1, /the lock is not a mapping/, /name: value/],
  ['a section that is a list', 'version: 1\nimages:\n  - a\n', 3, /images is not a mapping/, /name: value/],
  ['broken YAML', 'version: 1\nimages: {\n', 3, /is not YAML/, /write it anew/],
  ['an alias', `version: 1\nimages: &a {}\nbases: *a\n`, 3, /alias/, /plain YAML/],
  ['a tag', 'version: !!int 1\n', 1, /tag/, /plain YAML/],
  ['a second document', 'version: 1\n---\nversion: 1\n', 2, /one document/, /plain YAML/],
  ['deep nesting', 'version: 1\nimages: [[[[[[1]]]]]]\n', 2, /nested/, /plain YAML/],
  ['a mapping as a key', 'version: 1\n? {a: b}\n: c\n', 2, /a key is a name/, /plain YAML/],
];

for (const [name, text, line, message, hint] of FAULTS) {
  test(`refused with its line and what to do: ${name}`, () => {
    const error = failure(text);
    const all = [error, ...error.problems];
    equal(error.code, 'LOCK_INVALID');
    equal(error.at?.file, 'deploy/images.lock');
    const found = all.find((each) => message.test(each.message) && hint.test(each.hint ?? ''));
    ok(found !== undefined, JSON.stringify(all.map((each) => [each.message, each.hint])));
    equal(found.at?.line, line);
  });
}

test('a merge conflict is called by its name, with the line where it begins', () => {
  const text = `version: 1\nimages:\n<<<<<<< HEAD\n  a: b\n=======\n  a: c\n>>>>>>> feature\n`;
  for (const each of [text, text.replaceAll('\n', '\r\n'), text.replace('=======', '||||||| base\n=======')]) {
    const error = failure(each);
    match(error.message, /merge conflict/);
    equal(error.at?.line, 3);
    match(error.hint ?? '', /sealer lock --update/);
  }
});

test('several faults are told at once, and of thousands only the first', () => {
  const error = failure(`version: 3\nimages:\n  nginx: { digest: x }\nbaes: {}\n`);
  deepEqual(
    error.problems.map(({ at }) => at?.line),
    [4, 1, 3, 3],
  );
  const many = Array.from({ length: 20_000 }, () => '  nginx: x\n').join('');
  ok(failure(`version: 1\nimages:\n${many}`).problems.length <= 50);
});

test('hostile YAML ends at once', () => {
  const bombs = [
    `version: 1\nimages: ${'['.repeat(100_000)}`,
    `version: 1\na: &a [x]\n${Array.from({ length: 1000 }, (_, i) => `b${i}: [*a, *a]\n`).join('')}`,
    `version: 1\n${'? '.repeat(50_000)}`,
    `version: 1 #${'#'.repeat(1_000_000)}\nx: 1`,
    `"${'\\n'.repeat(500_000)}": 1`,
    `version: 1\nimages:\n${Array.from({ length: 100_000 }, (_, i) => `  k${i}: 1\n`).join('')}`,
    'x'.repeat(9 << 20),
  ];
  for (const bomb of bombs) {
    const started = performance.now();
    throws(() => parseLock(bomb, 'images.lock'), { code: 'LOCK_INVALID' });
    ok(performance.now() - started < 5000, bomb.slice(0, 30));
  }
});

test('names of the language itself are names like others', () => {
  const error = failure(`version: 1\n__proto__: {}\nconstructor: {}\n`);
  equal(error.problems.length, 2);
  const text = writeLock(lockOf({ 'docker.io/library/constructor:v1': image('x') }));
  equal(parseLock(text, 'images.lock').images.size, 1);
});

import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkLocked,
  compareLocks,
  describeChanges,
  EMPTY_LOCK,
  type NeededImage,
} from '../../../src/image-lock/index.ts';
import { shortDigest } from '../../../src/oci/digest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { digest, image, lockOf } from './locks.ts';

const [NGINX, REDIS] = ['docker.io/library/nginx:1.27', 'docker.io/library/redis:7'] as const;
const AMD64 = parsePlatform('linux/amd64');
const ARM64 = parsePlatform('linux/arm64');

type Named = readonly [file: string, line: number, certainty?: 'possible'];

function needed(name: string, ...places: readonly Named[]): NeededImage {
  const findings = places.map(
    ([file, line, certainty]) => ({ at: { file, line }, certainty: certainty ?? 'certain' }) as const,
  );
  return { reference: parseReference(name), findings };
}

test('what came, went and changed is told by name, with short digests and platforms', () => {
  const before = { ...lockOf({ [NGINX]: image('old'), [REDIS]: image('r'), 'quay.io/a:1': image('same') }) };
  const after = {
    ...lockOf({
      [NGINX]: image('new'),
      'quay.io/b:1': image('b', ['linux/amd64', 'linux/arm64']),
      'quay.io/a:1': { ...image('same'), from: ['elsewhere.yaml'] },
    }),
    bases: new Map([['docker.io/library/k3s:v1', { digest: digest('k3s') }]]),
  };
  const short = (word: string): string => shortDigest(digest(word));
  deepEqual(describeChanges(compareLocks(before, after)), [
    `~ ${NGINX} ${short('old')} → ${short('new')} (linux/amd64 ${short('old linux/amd64')} → ${short('new linux/amd64')})`,
    `- ${REDIS} ${short('r')}`,
    `+ quay.io/b:1 ${short('b')} (linux/amd64, linux/arm64)`,
    `+ base docker.io/library/k3s:v1 ${short('k3s')}`,
  ]);
  deepEqual(
    compareLocks(before, after).map(({ kind, section, name }) => [kind, section, name]),
    [
      ['changed', 'images', NGINX],
      ['removed', 'images', REDIS],
      ['added', 'images', 'quay.io/b:1'],
      ['added', 'bases', 'docker.io/library/k3s:v1'],
    ],
  );
  deepEqual(compareLocks(after, after), []);
});

test('a platform that comes is a change of its own', () => {
  const changes = compareLocks(
    lockOf({ [NGINX]: image('x') }),
    lockOf({ [NGINX]: image('x', ['linux/amd64', 'linux/arm64']) }),
  );
  deepEqual(describeChanges(changes), [`~ ${NGINX} ${shortDigest(digest('x'))} (linux/arm64 is new)`]);
});

test('an image that the lock lacks is told where it is named, and everywhere else it is', () => {
  const problems = checkLocked(
    lockOf({ [NGINX]: image('n') }),
    [needed('nginx:1.27', ['a.yaml', 3]), needed('redis:7', ['b.yaml', 7], ['c.yaml', 9])],
    [AMD64],
    'deploy/images.lock',
  );
  deepEqual(
    problems.map(({ code, message, at }) => ({ code, message, at })),
    [
      {
        code: 'LOCK_STALE',
        message: 'redis:7 is not in deploy/images.lock (also named at c.yaml:9)',
        at: { file: 'b.yaml', line: 7 },
      },
    ],
  );
});

test('a platform that an entry lacks, and an entry that nothing names, make a lock stale', () => {
  const lock = lockOf({
    [NGINX]: image('n'),
    [REDIS]: image('r'),
    'quay.io/op:1': { ...image('o'), from: ['found by recording'] },
  });
  const problems = checkLocked(lock, [needed('nginx:1.27', ['a.yaml', 3])], [AMD64, ARM64], 'images.lock');
  deepEqual(
    problems.map(({ message, at }) => [message, at?.file]),
    [
      ['nginx:1.27 has no linux/arm64 in images.lock', 'a.yaml'],
      ['redis:7 is in images.lock, and nothing names it any more', 'images.lock'],
    ],
  );
});

test('what is only possibly an image needs no entry, and keeps one', () => {
  const possible = needed('redis:7', ['b.yaml', 7, 'possible']);
  deepEqual(checkLocked(EMPTY_LOCK, [possible], [AMD64], 'images.lock'), []);
  deepEqual(checkLocked(lockOf({ [REDIS]: image('r') }), [possible], [AMD64], 'images.lock'), []);
});

test('an entry into whose index nobody has looked is good for every platform', () => {
  const lock = lockOf({ [NGINX]: { ...image('n'), platforms: {} } });
  deepEqual(checkLocked(lock, [needed('nginx:1.27', ['a.yaml', 3])], [AMD64, ARM64], 'images.lock'), []);
});

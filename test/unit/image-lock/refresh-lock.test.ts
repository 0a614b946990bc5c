import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { compareLocks, type ResolvedImage, refreshLock } from '../../../src/image-lock/index.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';
import { digest, image, lockOf } from './locks.ts';

const AMD64 = parsePlatform('linux/amd64');
const [NGINX, REDIS, GONE] = ['docker.io/library/nginx:1.27', 'docker.io/library/redis:7', 'quay.io/gone:1'] as const;
const PREVIOUS = {
  ...lockOf({ [NGINX]: image('old nginx'), [REDIS]: image('old redis'), [GONE]: image('gone') }),
  bases: new Map([['docker.io/library/k3s:v1', { digest: digest('old base') }]]),
};

function need(name: string) {
  return { reference: parseReference(name), findings: [{ at: { file: 'a.yaml' }, finder: 'workload' }] };
}

type Need = ReturnType<typeof need>;

/** Every image is new; remembers which were asked for. */
function registry(asked: string[] = []): (images: readonly Need[]) => Promise<readonly ResolvedImage[]> {
  return async (images) =>
    images.map(({ reference, findings }) => {
      const name = formatReference(reference);
      asked.push(name);
      const manifests = [{ descriptor: { digest: digest(`new ${name} linux/amd64`) }, platform: AMD64 }];
      return { reference, findings, digest: digest(`new ${name}`), platforms: [AMD64], manifests };
    });
}

const options = { previous: PREVIOUS, context: '.' };

test('everything is asked for and what nothing names any more goes; bases that nobody looked at stay', async () => {
  const lock = await refreshLock(
    { images: [need('nginx:1.27'), need('redis:7')] },
    { ...options, names: [], resolve: registry() },
  );
  deepEqual([...lock.images.keys()], [NGINX, REDIS]);
  deepEqual(lock.images.get(NGINX), image(`new ${NGINX}`));
  deepEqual(lock.bases, PREVIOUS.bases);
});

test('an update of one image asks for that one alone, and leaves all others as they are', async () => {
  const asked: string[] = [];
  const needed = {
    images: [need('nginx:1.27'), need('redis:7'), need('quay.io/new:1')],
    bases: new Map([['docker.io/library/k3s:v1', { digest: digest('new base') }]]),
  };
  const lock = await refreshLock(needed, { ...options, names: ['nginx:1.27'], resolve: registry(asked) });
  deepEqual(asked, [NGINX]);
  deepEqual(
    compareLocks(PREVIOUS, lock).map(({ kind, name }) => [kind, name]),
    [['changed', NGINX]],
  );
  deepEqual(lock.images.get(REDIS), PREVIOUS.images.get(REDIS));
  const base = await refreshLock(needed, { ...options, names: ['k3s:v1'], resolve: registry() });
  deepEqual(
    compareLocks(PREVIOUS, base).map(({ section, name }) => [section, name]),
    [['bases', 'docker.io/library/k3s:v1']],
  );
});

test('an image that is named for an update and that nothing needs any more goes', async () => {
  const lock = await refreshLock(
    { images: [need('redis:7')] },
    { ...options, names: ['quay.io/gone:1'], resolve: registry() },
  );
  deepEqual([...lock.images.keys()], [NGINX, REDIS]);
});

test('a name that nobody knows is refused with the nearest one', async () => {
  const refresh = (name: string) =>
    refreshLock({ images: [need('nginx:1.27')] }, { ...options, names: [name], resolve: registry() });
  await rejects(refresh('ngimx:1.27'), { code: 'USAGE', hint: 'Did you mean docker.io/library/nginx:1.27?' });
  await rejects(refresh('nginx'), { code: 'USAGE', message: /Nothing names nginx/ });
  await rejects(refresh('NGINX'), { code: 'INVALID_REFERENCE' });
});

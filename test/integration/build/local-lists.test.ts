/** Lists below images/ in a build: what they name, what is wrong with them, and what the rules say of it. */

import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { openSetting } from './setting.ts';

const Kubefile = 'FROM scratch\nCOPY pictures images\nCOPY manifests manifests\n';
const NOTHING = { 'manifests/a.yaml': 'kind: ConfigMap\n' };

test('what shall stay out stays out when a list of local images names it, too', async () => {
  await using setting = await openSetting();
  const { platforms } = await setting.build(
    { ...NOTHING, Kubefile, 'pictures/shim/list': 'registry.test/a:1\n', '.sealignore': 'registry.test/*\n' },
    { offline: true },
  );
  assert.deepEqual(platforms[0]?.images, []);
});

test('problems of lists and of manifests are told together, each once and where it is in the context', async () => {
  await using setting = await openSetting();
  const files = {
    Kubefile,
    'pictures/shim/list': 'bad:\n',
    'pictures/skopeo/tar.txt': 'what\ndocker-archive:gone.tar\n',
    'manifests/a.yaml': 'a: [\n',
  };
  await assert.rejects(setting.build(files, { offline: true }), (error) => {
    assert.ok(error instanceof SealerError);
    assert.deepEqual(
      error.problems.map(({ at }) => `${relative(setting.context, at?.file ?? '')}:${at?.line}`).sort(),
      ['manifests/a.yaml:2', 'pictures/shim/list:1', 'pictures/skopeo/tar.txt:1', 'pictures/skopeo/tar.txt:2'],
    );
    return true;
  });
});

test('an image that a recording found may be left out by the rules', async () => {
  await using setting = await openSetting();
  const lock = `version: 1\nimages:\n  registry.test/a:1:\n    digest: sha256:${'a'.repeat(64)}\n    platforms: {}\n    from:\n      - found by recording\n`;
  const files = { ...NOTHING, Kubefile: 'FROM scratch\nCOPY manifests manifests\n', 'images.lock': lock };
  await assert.rejects(setting.build(files, { offline: true }), { code: 'IMAGES_MISSING' });
  const { platforms } = await setting.build({ '.sealignore': 'registry.test/*\n' }, { offline: true });
  assert.deepEqual(platforms[0]?.images, []);
});

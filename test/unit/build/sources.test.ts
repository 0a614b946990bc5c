import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compileIgnore } from '../../../src/build/context/ignore.ts';
import { resolveInside, type SourceTree } from '../../../src/build/context/source-tree.ts';
import { findSources } from '../../../src/build/context/sources.ts';
import { walkSource } from '../../../src/build/context/walk.ts';
import { SealerError } from '../../../src/error.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

const at = { file: 'Kubefile', line: 7 };

describe('sources', () => {
  let root: string;
  const resources = new AsyncDisposableStack();
  before(async () => {
    root = resources.use(await temporaryFolder('sources')).path;
    for (const path of [
      'a.yaml',
      'b.yaml',
      '.hidden.yaml',
      'charts/web/Chart.yaml',
      'charts/db/Chart.yaml',
      'docs/keep.md',
      'docs/drop.md',
    ]) {
      writeFiles(root, { [path]: path });
    }
    symlinkSync('charts/web', join(root, 'link'));
    symlinkSync('/etc', join(root, 'etc'));
    symlinkSync('loop', join(root, 'loop'));
  });
  after(() => resources.disposeAsync());

  const tree = (options: Partial<SourceTree> = {}): SourceTree => ({
    root,
    aliases: [],
    name: 'the build context',
    links: 'confined',
    modes: 'portable',
    ...options,
  });
  const ignoring = (text: string): SourceTree => tree({ ignore: { file: '.dockerignore', ...compileIgnore(text) } });
  const names = (source: string, of = tree()) =>
    findSources(of, source, at).map(({ name, path }) => (name === path ? name : `${name}=${path}`));
  const walked = (path: string, of = tree()) =>
    walkSource(of, path, () => {})
      .map((entry) => entry.path)
      .sort();
  const refused = (source: string, code: string, hint?: RegExp, of = tree()): void => {
    assert.throws(
      () => findSources(of, source, at),
      (error) => {
        assert.ok(error instanceof SealerError);
        assert.equal(error.code, code);
        assert.deepEqual(error.at, at);
        if (hint !== undefined) assert.match(error.hint ?? '', hint);
        return true;
      },
    );
  };

  test('wildcards match by segment, hidden files too, in order', () => {
    assert.deepEqual(names('*.yaml'), ['.hidden.yaml', 'a.yaml', 'b.yaml']);
    assert.deepEqual(names('charts/*/Chart.yaml'), [
      'Chart.yaml=charts/db/Chart.yaml',
      'Chart.yaml=charts/web/Chart.yaml',
    ]);
    refused('c*.yaml', 'SOURCE_NOT_FOUND');
  });

  test('a leading slash means the context, and a link keeps the name that it was found by', () => {
    assert.deepEqual(names('/a.yaml'), ['a.yaml']);
    assert.deepEqual(names('link'), ['link=charts/web']);
    assert.deepEqual(names('link/Chart.yaml'), ['Chart.yaml=charts/web/Chart.yaml']);
    assert.deepEqual(names('.'), ['']);
  });

  test('a link in circles is no source, and one to the outside is refused', () => {
    refused('loop', 'SOURCE_NOT_FOUND');
    refused('etc', 'SOURCE_OUTSIDE_CONTEXT');
    refused('etc/host*', 'SOURCE_OUTSIDE_CONTEXT');
    refused('charts/../../x', 'SOURCE_OUTSIDE_CONTEXT');
  });

  test('in a rootfs the same link leads inside', () => {
    const rootfs = tree({ links: 'chroot', name: 'the stage x' });
    refused('etc', 'SOURCE_NOT_FOUND', undefined, rootfs);
    assert.equal(resolveInside(rootfs, 'etc/new/file'), 'etc/new/file');
    assert.equal(resolveInside(rootfs, '../../link/new'), 'charts/web/new');
  });

  test('what is ignored says so and how to mend it', () => {
    refused('a.yaml', 'SOURCE_NOT_FOUND', /\.dockerignore.*!a\.yaml/, ignoring('*.yaml'));
    refused('link', 'SOURCE_NOT_FOUND', /\.dockerignore/, ignoring('charts'));
    refused('charts/wep', 'SOURCE_NOT_FOUND', /charts\/web/);
  });

  test('a walk leaves out what is ignored, and enters an ignored folder for its exceptions', () => {
    assert.deepEqual(walked('docs', ignoring('docs/drop.md')), ['', 'keep.md']);
    assert.deepEqual(walked('', ignoring('*\n!docs/keep.md')), ['', 'docs', 'docs/keep.md']);
    assert.deepEqual(walked('', ignoring('*\n!none')), ['']);
  });
});

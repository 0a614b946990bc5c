/** The release commit and its tags, in a repository of their own on this machine. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { releaseCommit } from '../../../release/commit.ts';
import { type GitOptions, git, loginOf } from '../../../release/git.ts';
import { commitOf, moveTags, pushTag, tagsOf } from '../../../release/tags.ts';
import { gitIn, NO_SETTINGS } from '../../lab/git.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';

interface Repository extends GitOptions {
  readonly remote: string;
}

const DIST = { 'dist-made/sealer.cjs': '#!/usr/bin/env node\n', 'dist-made/build.cjs': 'x\r\n' };

/** A bare repository with one commit, and a clone of it. */
async function repository(t: TestContext): Promise<Repository> {
  const root = await folderOf(t, 'release');
  const [remote, folder] = [join(root, 'remote.git'), join(root, 'clone')];
  gitIn(root, 'init', '-q', '--bare', '-b', 'main', remote);
  gitIn(root, 'clone', '-q', remote, folder);
  writeFiles(folder, {
    '.gitignore': 'dist/\n',
    '.gitattributes': '* text=auto eol=lf\n',
    'action.yml': 'a\n',
    ...DIST,
  });
  gitIn(folder, 'add', 'action.yml', '.gitignore', '.gitattributes');
  gitIn(folder, 'commit', '-q', '-m', 'one');
  gitIn(folder, 'push', '-q', 'origin', 'HEAD:main');
  return { folder, remote, env: NO_SETTINGS };
}

const dist = ({ folder }: Repository): string => join(folder, 'dist-made');

suite('the release commit', { skip: needs('git') }, () => {
  test('has dist/ byte for byte beside what main has, and main has not changed', async (t) => {
    const repo = await repository(t);
    const commit = await releaseCommit({ ...repo, dist: dist(repo), tag: 'v1.2.3' });
    const listing = await git(repo, 'ls-tree', '-r', '--format=%(objectmode) %(path)', commit);
    assert.deepEqual(listing.split('\n'), [
      '100644 .gitattributes',
      '100644 .gitignore',
      '100644 action.yml',
      '100644 dist/build.cjs',
      '100755 dist/sealer.cjs',
    ]);
    assert.equal(await git(repo, 'cat-file', 'blob', `${commit}:dist/build.cjs`), 'x\r');
    assert.equal(await git(repo, 'rev-parse', `${commit}^`), await git(repo, 'rev-parse', 'HEAD'));
    assert.equal(await git(repo, 'log', '-1', '--format=%s', commit), 'Release v1.2.3');
    assert.equal(await git(repo, 'status', '--porcelain', '--untracked-files=no'), '');
  });

  test('is the same commit for whoever builds the same, and another for other bytes', async (t) => {
    const repo = await repository(t);
    const make = (): Promise<string> => releaseCommit({ ...repo, dist: dist(repo), tag: 'v1.2.3' });
    const commit = await make();
    const clone = join(repo.folder, '..', 'other');
    await git({ folder: repo.folder }, 'clone', '-q', repo.remote, clone);
    writeFiles(clone, DIST);
    const other = { ...repo, folder: clone };
    assert.equal(await releaseCommit({ ...other, dist: dist(other), tag: 'v1.2.3' }), commit);
    writeFiles(repo.folder, { 'dist-made/build.cjs': 'y' });
    assert.notEqual(await make(), commit);
  });

  test('is not made of nothing, nor over a dist/ that main has', async (t) => {
    const repo = await repository(t);
    await assert.rejects(releaseCommit({ ...repo, dist: await folderOf(t), tag: 'v1' }), /dist is empty/);
    writeFiles(repo.folder, { 'dist/x': 'x' });
    const who = {
      ...NO_SETTINGS,
      GIT_AUTHOR_NAME: 't',
      GIT_AUTHOR_EMAIL: 't@e',
      GIT_COMMITTER_NAME: 't',
      GIT_COMMITTER_EMAIL: 't@e',
    };
    await git({ ...repo, env: who }, 'add', '-f', 'dist/x');
    await git({ ...repo, env: who }, 'commit', '-q', '-m', 'dist');
    await assert.rejects(releaseCommit({ ...repo, dist: dist(repo), tag: 'v1' }), /a dist\/ already/);
  });
});

suite('tags', { skip: needs('git') }, () => {
  test('of a version are made once: run again is well, another commit is refused', async (t) => {
    const repo = await repository(t);
    const commit = await releaseCommit({ ...repo, dist: dist(repo), tag: 'v1.2.3' });
    assert.equal(await pushTag(repo, 'v1.2.3', commit), true);
    assert.equal(await pushTag(repo, 'v1.2.3', commit), false);
    assert.equal(await commitOf(repo, 'v1.2.3'), commit);
    writeFiles(repo.folder, { 'dist-made/build.cjs': 'y' });
    const altered = await releaseCommit({ ...repo, dist: dist(repo), tag: 'v1.2.3' });
    await assert.rejects(pushTag(repo, 'v1.2.3', altered), /stays so/);
    assert.equal(await commitOf(repo, 'v1.2.3'), commit);
  });

  test('that move are made, moved, and left where they are right', async (t) => {
    const repo = await repository(t);
    const one = await releaseCommit({ ...repo, dist: dist(repo), tag: 'v1.2.3' });
    await pushTag(repo, 'v1.2.3', one);
    await moveTags(repo, ['v1', 'v1.2'], one);
    await moveTags(repo, ['v1', 'v1.2'], one);
    const two = await releaseCommit({ ...repo, dist: dist(repo), tag: 'v1.3.0' });
    await pushTag(repo, 'v1.3.0', two);
    await moveTags(repo, ['v1', 'v1.3'], two);
    const where = await Promise.all(['v1', 'v1.2', 'v1.3', 'v1.2.3'].map((tag) => commitOf(repo, tag)));
    assert.deepEqual(where, [two, one, two, one]);
    assert.deepEqual([...(await tagsOf(repo))].sort(), ['v1', 'v1.2', 'v1.2.3', 'v1.3', 'v1.3.0']);
  });

  test('show no token: it goes by environment, and an error does not repeat it', async (t) => {
    const repo = await repository(t);
    const env = { ...NO_SETTINGS, ...loginOf('https://github.com', 'ghs_secret') };
    assert.ok(!JSON.stringify(Object.values(env)).includes('ghs_secret'));
    await git({ ...repo, env }, 'remote', 'set-url', 'origin', join(repo.folder, 'none'));
    const refused = tagsOf({ ...repo, env });
    await assert.rejects(refused, (error) => error instanceof Error && !/AUTHORIZATION|ghs_|basic/.test(error.message));
  });
});

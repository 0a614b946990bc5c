import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checksumsOf, differences, digestOfChecksums } from '../../../release/checksums.ts';
import { notesOf } from '../../../release/notes.ts';
import { planRelease } from '../../../release/version.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';

suite('a release', () => {
  test('has a tag that stays, and moves v1 and v1.x', () => {
    assert.deepEqual(planRelease('1.2.3', ['v1', 'v1.2', 'v1.2.2', 'v0.9.0', 'other']), {
      version: '1.2.3',
      tag: 'v1.2.3',
      moving: ['v1', 'v1.2'],
      imageTags: ['v1.2.3', 'v1', 'v1.2'],
      npmTag: 'latest',
      isPrerelease: false,
    });
  });

  test('that mends an older version does not take users of a later one back', () => {
    const plan = planRelease('1.2.4', ['v1.2.3', 'v1.3.0']);
    assert.deepEqual([plan.moving, plan.npmTag], [['v1.2'], 'v1']);
    assert.deepEqual(planRelease('1.9.0', ['v2.0.0']).moving, ['v1', 'v1.9']);
    assert.equal(planRelease('1.9.0', ['v2.0.0']).npmTag, 'v1');
    assert.deepEqual(planRelease('1.2.10', ['v1.2.9']).moving, ['v1', 'v1.2'], 'by number, not by text');
    assert.deepEqual(planRelease('1.2.3', ['v1.2.3']).moving, ['v1', 'v1.2'], 'run again');
  });

  test('before its time moves nothing, and is what npm calls next', () => {
    const plan = planRelease('1.0.0-alpha.1', []);
    assert.deepEqual([plan.moving, plan.npmTag, plan.isPrerelease], [[], 'next', true]);
    assert.deepEqual(plan.imageTags, ['v1.0.0-alpha.1', 'v1', 'v1.0']);
    assert.deepEqual(planRelease('1.1.0-rc.1', ['v1.0.0']).imageTags, ['v1.1.0-rc.1']);
    assert.deepEqual(planRelease('1.1.0', ['v1.1.0-rc.1', 'v1.2.0-rc.1']).moving, ['v1', 'v1.1']);
  });

  for (const text of ['', '1.2', 'v1.2.3', '1.2.3.4', '01.2.3', '1.2.3 ', '1.2.3;x']) {
    test(`is none of ${JSON.stringify(text)}`, () => assert.throws(() => planRelease(text, []), /not a version/));
  }
});

suite('the notes', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n## 1.2.0 - 2026-11-01\n\n### Added\n- one\n\n## [1.1.0]\n- old\n\n## 1.1\n';

  test('are the section of the version, without its heading', () => {
    assert.equal(notesOf(changelog, '1.2.0'), '### Added\n- one\n');
    assert.equal(notesOf(changelog, '1.1.0'), '- old\n');
  });

  test('are missed when there are none', () => {
    assert.throws(() => notesOf(changelog, '1.3.0'), /no section ## 1\.3\.0/);
    assert.throws(() => notesOf(changelog, '1.1'), /says nothing/);
    assert.throws(() => notesOf('## 1x2x0\n- no\n', '1.2.0'), /no section/);
  });
});

suite('two builds', () => {
  const files = { 'dist/a.cjs': 'a', 'dist/b.cjs': 'b', 'p.tgz': 'p' };

  test('are the same by name and bytes, wherever they lie', async (t) => {
    const [one, other] = [await folderOf(t), await folderOf(t)];
    writeFiles(one, files);
    writeFiles(other, files);
    const sums = await checksumsOf(one);
    assert.equal(sums, await checksumsOf(other));
    assert.match(sums, /^[a-f0-9]{64} {2}dist\/a\.cjs\n[a-f0-9]{64} {2}dist\/b\.cjs\n[a-f0-9]{64} {2}p\.tgz\n$/);
    assert.match(digestOfChecksums(sums), /^[a-f0-9]{64}$/);
  });

  test('that differ are told file by file', async (t) => {
    const [one, other] = [await folderOf(t), await folderOf(t)];
    writeFiles(one, files);
    writeFiles(other, { 'dist/a.cjs': 'a', 'dist/b.cjs': 'B', 'dist/c.cjs': 'c' });
    assert.deepEqual(differences(await checksumsOf(one), await checksumsOf(other)), [
      'dist/b.cjs differs',
      'dist/c.cjs is in the second only',
      'p.tgz is in the first only',
    ]);
    await assert.rejects(checksumsOf(await folderOf(t)), /empty/);
  });
});

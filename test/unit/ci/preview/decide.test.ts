/** What each event of a pull request asks for, and what previews are called. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decide, namePreview, type PullEvent, previewText, readPullEvent } from '../../../../src/ci/preview/index.ts';
import { digestOf, parseDigest } from '../../../../src/oci/digest.ts';

const EVENT: PullEvent = {
  ...{ action: 'opened', pull: 7, isOpen: true, headSha: 'a', isFork: false, isPrivileged: false, labels: [] },
  label: undefined,
};
const LIVE = { number: 7, isOpen: true, headSha: 'a', labels: [] as readonly string[] };
const OPEN = { label: undefined, allowUnsafeFork: false };
const LABELLED = { label: 'preview', allowUnsafeFork: false };

suite('a preview', () => {
  const what = (
    event: Partial<PullEvent>,
    live: Partial<typeof LIVE> = {},
    rules: typeof OPEN | typeof LABELLED = OPEN,
  ) => decide({ ...EVENT, ...event }, { ...LIVE, ...live }, rules);

  test('is made for new code, and for code that comes back', () => {
    for (const action of ['opened', 'reopened', 'synchronize', 'ready_for_review']) {
      assert.deepEqual(what({ action }), { what: 'deploy', trust: 'repository' }, action);
    }
    for (const action of ['edited', 'assigned', 'locked', '']) assert.equal(what({ action }).what, 'nothing', action);
  });

  test('goes when the pull request is closed, unless it is open again by then', () => {
    assert.equal(what({ action: 'closed', isOpen: false }, { isOpen: false }).what, 'remove');
    assert.equal(what({ action: 'closed', isOpen: false }).what, 'nothing');
    assert.equal(what({ action: 'synchronize' }, { isOpen: false }).what, 'remove', 'a rerun after the close');
  });

  test('of an earlier commit is left to the run of the later one', () => {
    assert.equal(what({ action: 'synchronize' }, { headSha: 'b' }).what, 'nothing');
  });

  test('waits for its label where there is one, comes with it and goes with it', () => {
    const labels = ['preview'];
    assert.equal(what({}, {}, LABELLED).what, 'nothing');
    assert.equal(what({}, { labels }, LABELLED).what, 'deploy');
    assert.equal(what({ action: 'labeled', label: 'preview' }, { labels }, LABELLED).what, 'deploy');
    assert.equal(what({ action: 'labeled', label: 'bug' }, { labels }, LABELLED).what, 'nothing');
    assert.equal(what({ action: 'unlabeled', label: 'preview' }, {}, LABELLED).what, 'remove');
    assert.equal(what({ action: 'unlabeled', label: 'bug' }, { labels }, LABELLED).what, 'nothing');
    assert.equal(what({ action: 'labeled', label: 'preview' }).what, 'nothing', 'no label is asked for');
  });

  test('of a fork is on the runner; with secrets it is refused unless somebody has looked', () => {
    assert.deepEqual(what({ isFork: true }), { what: 'deploy', trust: 'runner' });
    assert.equal(what({ isFork: true, action: 'closed' }, { isOpen: false }).what, 'nothing');
    const privileged = { ...EVENT, isFork: true, isPrivileged: true };
    assert.deepEqual(decide(privileged, LIVE, OPEN), { what: 'refuse' });
    assert.deepEqual(decide(privileged, LIVE, { ...OPEN, allowUnsafeFork: true }), {
      what: 'deploy',
      trust: 'repository',
    });
  });
});

suite('names', () => {
  const name = (repository: string, pull: number, key = '') => namePreview({ repository, pull, key });

  test('are DNS-1123 labels of 40 characters at most, the same every time and for nobody else', () => {
    for (const repository of ['acme/shop', 'acme/A_Very.Long--Name-That-Goes-On-And-On-And-On', 'a/-', 'a/日本']) {
      const { cluster } = name(repository, 1_234_567);
      assert.match(cluster, /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])$/, repository);
      assert.equal(name(repository, 1_234_567).cluster, cluster);
    }
    const all = [name('a/shop', 1), name('b/shop', 1), name('a/shop', 11), name('a/shop', 1, 'arm')];
    assert.equal(new Set(all.map(({ cluster }) => cluster)).size, 4);
    assert.equal(name('Acme/Shop', 1).cluster, name('acme/shop', 1).cluster);
    assert.throws(() => name('a/b', 1, '--> x'), { code: 'USAGE' }, 'nothing breaks out of the marker');
  });
});

test('an event that is about no pull request is refused with what to use instead', () => {
  assert.throws(() => readPullEvent('push', {}), { code: 'USAGE', hint: /sweep/ });
  const payload = { pull_request: { number: 1, state: 'open', head: { sha: 'a', repo: null } }, repository: { id: 1 } };
  assert.equal(readPullEvent('pull_request', payload).isFork, true, 'the fork was deleted');
});

test('the comment links only what a browser may follow', () => {
  const image = { name: 'x', digest: parseDigest(`sha256:${'a'.repeat(64)}`), size: 1, comparison: undefined };
  const ready = { kind: 'ready', url: 'javascript:alert(1)', expires: undefined, image, smokeTest: false } as const;
  const text = previewText({ state: ready, sha: 'a', key: '', logUrl: undefined });
  assert.doesNotMatch(text, /href/);
  assert.match(text, /the end of its job/);
});

test('a comment is never longer than GitHub takes, whatever a command said or images are called', () => {
  const images = Array.from({ length: 60 }, (_, i) => ({ image: `${'<'.repeat(400)}${i}`, size: 1 }));
  const none = { added: [], removed: [], changed: [] };
  const side = { name: 'base', digest: digestOf('base'), size: 1 };
  const comparison = {
    ...{ from: side, to: side, apps: none, bytesToMove: 1 },
    images: { ...none, added: images, same: 0 },
    layers: { added: [], removed: [], kept: 0, keptBytes: 0 },
  };
  const image = { name: 'shop:v1', digest: digestOf('image'), size: 1, comparison };
  const problem = `COMMAND_FAILED: ${'&'.repeat(3_000_000)}`;
  const state = { kind: 'failed', problem, hint: problem, image } as const;
  const text = previewText({ state, sha: 'a', key: '', logUrl: 'https://github.com/me/shop/actions/runs/1' });
  assert.ok(text.length < 65_000, String(text.length));
  for (const part of ['COMMAND_FAILED', digestOf('image'), 'actions/runs/1']) assert.ok(text.includes(part), part);
});

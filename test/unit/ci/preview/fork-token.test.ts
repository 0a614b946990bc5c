/** A token that the workflow takes from a secret, which forks do not get. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRunInputs } from '../../../../src/ci/inputs/run-inputs.ts';
import { previewAction } from '../../../../src/ci/preview-action.ts';
import { openSession } from '../../../../src/ci/session.ts';
import { folderOf } from '../../../lab/scratch.ts';

const REPOSITORY = 'someone/shop';

test("a fork's pull request has its preview though the token is empty; our own says that it lacks", async (t) => {
  const root = await folderOf(t);
  const given: Readonly<Record<string, string>> = { preview: 'pr', 'github-token': '', store: join(root, 'store') };
  const inputs = readRunInputs((name) => given[name] ?? '');
  const env = { GITHUB_REPOSITORY: REPOSITORY };
  const { signal } = new AbortController();
  await using session = await openSession(inputs, env, signal);
  const act = async (fork: string) => {
    const head = { sha: 'a'.repeat(40), repo: { id: fork === REPOSITORY ? 1 : 2, full_name: fork } };
    const payload = { action: 'opened', repository: { id: 1 }, pull_request: { number: 7, state: 'open', head } };
    const workflow = {
      env,
      eventName: 'pull_request',
      ref: 'refs/pull/7/merge',
      payload,
      workspace: root,
      temporary: root,
    };
    await previewAction(inputs, { session, workflow, signal });
  };
  // As far as the image, of which nothing was said.
  await assert.rejects(act('mallory/shop'), { code: 'USAGE', message: /neither an image for the preview/ });
  await assert.rejects(act(REPOSITORY), { code: 'USAGE', message: /no token for GitHub/ });
});

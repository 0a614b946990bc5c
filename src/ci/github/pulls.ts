/** Pull requests as they are now, which need not be how they were when the event was sent. */

import type { Github } from './client.ts';
import { isGone } from './explain.ts';

export interface Pull {
  readonly number: number;
  readonly isOpen: boolean;
  readonly headSha: string;
  readonly labels: readonly string[];
}

/**
 * Reads a pull request; undefined if there is none of that number.
 * @throws SealerError as `Github.call`
 */
export async function readPull(github: Github, number: number): Promise<Pull | undefined> {
  return await github.call('read the pull request', 'pull-requests: read', async () => {
    try {
      const { data } = await github.octokit.rest.pulls.get({
        ...{ owner: github.owner, repo: github.repo, pull_number: number },
      });
      const labels = data.labels.map(({ name }) => name);
      return { number, isOpen: data.state === 'open', headSha: data.head.sha, labels };
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  });
}

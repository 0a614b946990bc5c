/** Comments of pull requests: one of ours each, edited instead of followed by another. */

import type { Github } from './client.ts';
import { isGone, isUncertain } from './explain.ts';

/** Which comment is ours: both have to fit, for anybody may write the marker. */
export interface OurComment {
  /** Of the issue or pull request. */
  readonly issue: number;
  /** Text that the body holds: `<!-- … -->`. */
  readonly marker: string;
  /** Login of who wrote it, as `readLogin` gives it. */
  readonly author: string;
}

export interface WrittenComment {
  readonly id: number;
  readonly outcome: 'created' | 'updated' | 'unchanged';
}

const READ = 'pull-requests: read';
const WRITE = 'pull-requests: write';
/** Times that a comment is written when nobody knows if it was. */
const MAX_TRIES = 3;

/**
 * Who the token is. A workflow's token may not ask `GET /user`; GraphQL's viewer is known to every token.
 * @throws SealerError as `Github.call`
 */
export async function readLogin(github: Github): Promise<string> {
  return await github.call('see who the token is', 'contents: read', async () => {
    const { viewer } = await github.octokit.graphql<{ readonly viewer: { readonly login: string } }>(
      'query { viewer { login } }',
    );
    return viewer.login;
  });
}

/**
 * Writes our comment: edits the one that is there, unless it says the same already. Where several are there, because answers
 * were lost, the first stays.
 * @throws SealerError as `Github.call`
 */
export async function writeComment(github: Github, which: OurComment, text: string): Promise<WrittenComment> {
  const body = `${text}\n${which.marker}`;
  return await github.call('write the comment', WRITE, async () => {
    for (let tries = 1; ; tries++) {
      const [first, ...more] = await findComments(github, which);
      for (const { id } of more) await remove(github, id);
      try {
        if (first === undefined) return { id: await create(github, which.issue, body), outcome: 'created' };
        if (sameText(first.body, body)) return { id: first.id, outcome: 'unchanged' };
        await github.octokit.rest.issues.updateComment({ ...at(github), comment_id: first.id, body });
        return { id: first.id, outcome: 'updated' };
      } catch (error) {
        // Somebody removed it meanwhile, or the answer was lost: the list tells what is there.
        if (tries >= MAX_TRIES || !(isGone(error) || isUncertain(error))) throw error;
        await github.wait(tries);
      }
    }
  });
}

/**
 * Removes our comment, if there is one.
 * @returns how many there were
 * @throws SealerError as `Github.call`
 */
export async function removeComment(github: Github, which: OurComment): Promise<number> {
  return await github.call('remove the comment', WRITE, async () => {
    const found = await findComments(github, which);
    for (const { id } of found) await remove(github, id);
    return found.length;
  });
}

/**
 * Our comment's text, if there is one.
 * @throws SealerError as `Github.call`
 */
export async function readComment(github: Github, which: OurComment): Promise<string | undefined> {
  return await github.call('read the comments', READ, async () => (await findComments(github, which))[0]?.body);
}

async function findComments(
  github: Github,
  { issue, marker, author }: OurComment,
): Promise<readonly { readonly id: number; readonly body: string }[]> {
  const { octokit } = github;
  const all = await octokit.paginate(octokit.rest.issues.listComments, {
    ...{ ...at(github), issue_number: issue, per_page: 100 },
  });
  return all.flatMap(({ id, body = '', user }) =>
    user?.login === author && body.includes(marker) ? [{ id, body }] : [],
  );
}

/** Never tried again by itself: what was made although its answer was lost would be made twice. */
async function create({ octokit, ...github }: Github, issue: number, body: string): Promise<number> {
  const asked = { ...at(github), issue_number: issue, body, request: { retries: 0 } };
  const { data } = await octokit.rest.issues.createComment(asked);
  return data.id;
}

async function remove({ octokit, ...github }: Github, id: number): Promise<void> {
  await octokit.rest.issues.deleteComment({ ...at(github), comment_id: id }).catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
}

/** GitHub gives line ends back as a form would have them. */
function sameText(a: string, b: string): boolean {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trim();
  return plain(a) === plain(b);
}

function at({ owner, repo }: Pick<Github, 'owner' | 'repo'>) {
  return { owner, repo };
}

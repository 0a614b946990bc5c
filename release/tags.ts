/** Tags at the remote: one that is made once, and those that move. */

import { type GitOptions, git } from './git.ts';

/**
 * Puts a tag where it stays. Where it is there already with the same commit, nothing is done: a broken release is run again.
 * @returns whether it was made now
 * @throws Error when the tag is there with another commit, or the remote refuses
 */
export async function pushTag(options: GitOptions, tag: string, commit: string): Promise<boolean> {
  const there = await commitOf(options, tag);
  if (there === commit) return false;
  if (there !== undefined) throw new Error(`${tag} is ${there} already and stays so; this release is ${commit}`);
  // An empty lease: only if the remote still has none.
  const ref = `refs/tags/${tag}`;
  await git(options, 'push', '--quiet', `--force-with-lease=${ref}:`, 'origin', `${commit}:${ref}`);
  return true;
}

/**
 * Moves tags to a commit, each only from where it was seen.
 * @throws Error when the remote refuses, or somebody else moved one meanwhile
 */
export async function moveTags(options: GitOptions, tags: readonly string[], commit: string): Promise<void> {
  for (const tag of tags) {
    const ref = `refs/tags/${tag}`;
    const there = await commitOf(options, tag);
    if (there === commit) continue;
    await git(options, 'push', '--quiet', `--force-with-lease=${ref}:${there ?? ''}`, 'origin', `${commit}:${ref}`);
  }
}

/** What a tag of the remote points to. */
export async function commitOf(options: GitOptions, tag: string): Promise<string | undefined> {
  const line = await git(options, 'ls-remote', 'origin', `refs/tags/${tag}`);
  return line === '' ? undefined : line.split('\t')[0];
}

/** The names of all tags of the remote. */
export async function tagsOf(options: GitOptions): Promise<readonly string[]> {
  const lines = await git(options, 'ls-remote', '--tags', '--refs', 'origin');
  return lines.split('\n').flatMap((line) => line.split('\trefs/tags/')[1] ?? []);
}

/** The release commit: what is on main, and `dist/` beside it, which main never has. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type GitOptions, git } from './git.ts';

export interface CommitOptions extends GitOptions {
  /** The folder that becomes `dist/`. */
  readonly dist: string;
  readonly tag: string;
}

const BOT = { NAME: 'github-actions[bot]', EMAIL: '41898282+github-actions[bot]@users.noreply.github.com' };

/**
 * Makes the release commit on top of HEAD, without touching the work tree. Everything in it comes from HEAD, from the files and from the tag, so
 * that whoever builds the same gets the same commit.
 * @returns its hash
 * @throws Error when dist is empty, or HEAD has a dist/ of its own
 */
export async function releaseCommit({ folder, dist, tag, env = {} }: CommitOptions): Promise<string> {
  if ((await readdir(dist)).length === 0) throw new Error('dist is empty');
  if ((await git({ folder, env }, 'ls-tree', 'HEAD', 'dist')) !== '') throw new Error('HEAD has a dist/ already');
  const scratch = await mkdtemp(join(tmpdir(), 'sealer-release-'));
  try {
    const when = await git({ folder }, 'log', '-1', '--format=%cI', 'HEAD');
    const who = Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((role) => [
        [`GIT_${role}_NAME`, BOT.NAME],
        [`GIT_${role}_EMAIL`, BOT.EMAIL],
        [`GIT_${role}_DATE`, when],
      ]),
    );
    const options = { folder, env: { ...env, ...who, GIT_INDEX_FILE: join(scratch, 'index') } };
    await git(options, 'read-tree', 'HEAD');
    // .gitignore is for main; here dist/ is what it is all about.
    for (const file of await filesOf(dist)) {
      const hash = await git(options, 'hash-object', '-w', '--no-filters', join(resolve(dist), file.name));
      const mode = file.isExecutable ? '100755' : '100644';
      await git(options, 'update-index', '--add', '--cacheinfo', `${mode},${hash},dist/${file.name}`);
    }
    const tree = await git(options, 'write-tree');
    return await git(options, 'commit-tree', '-p', 'HEAD', '-m', `Release ${tag}`, tree);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Artifacts lose their modes on the way; a program is known by its first line. */
async function filesOf(dist: string): Promise<readonly { readonly name: string; readonly isExecutable: boolean }[]> {
  const entries = await readdir(dist, { withFileTypes: true });
  const files = entries.map(async (entry) => {
    if (!entry.isFile()) throw new Error(`dist/${entry.name} is no file`);
    const content = await readFile(join(dist, entry.name), 'latin1');
    return { name: entry.name, isExecutable: content.startsWith('#!') };
  });
  return (await Promise.all(files)).sort((one, other) => (one.name < other.name ? -1 : 1));
}

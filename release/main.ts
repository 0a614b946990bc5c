/**
 * The steps of release.yml:
 *
 *     node release/main.ts plan                     what is released, and what moves to it as tags are now: outputs
 *     node release/main.ts compare ONE OTHER        two builds are the same; output `digest`
 *     node release/main.ts check FOLDER             a build is the one that was compared (EXPECTED)
 *     node release/main.ts tag DIST                 makes the release commit and its tag (TAG); output `commit`
 *     node release/main.ts notes FILE               writes the notes of VERSION
 *     node release/main.ts move                     moves v1 and v1.2 (MOVING) to COMMIT
 *
 * Everything that is not a folder comes by environment. GH_TOKEN is what git logs in with.
 */

import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { checksumsOf, differences, digestOfChecksums } from './checksums.ts';
import { releaseCommit } from './commit.ts';
import { type GitOptions, loginOf } from './git.ts';
import { notesOf } from './notes.ts';
import { moveTags, pushTag, tagsOf } from './tags.ts';
import { planRelease } from './version.ts';

type Env = Readonly<Record<string, string | undefined>>;

const COMMANDS: Readonly<Record<string, (env: Env, ...folders: string[]) => Promise<void>>> = {
  plan: async (env) => {
    const { version, repository } = JSON.parse(await readFile('package.json', 'utf8'));
    const address = `${need(env, 'GITHUB_SERVER_URL')}/${need(env, 'GITHUB_REPOSITORY')}`;
    // npm takes a provenance only from the repository that the package names.
    if (
      !String(repository?.url)
        .replace(/\.git$/, '')
        .endsWith(address)
    ) {
      throw new Error(`package.json names another repository than ${address}: ${repository?.url}`);
    }
    const plan = planRelease(version, await tagsOf(gitOf(env)));
    notesOf(await readFile('CHANGELOG.md', 'utf8'), version);
    await output(env, {
      version: plan.version,
      tag: plan.tag,
      moving: plan.moving.join(' '),
      'image-tags': plan.imageTags.join(' '),
      'npm-tag': plan.npmTag,
      'is-prerelease': String(plan.isPrerelease),
    });
  },
  compare: async (env, one = '', other = '') => {
    const [first, second] = [await checksumsOf(one), await checksumsOf(other)];
    const different = differences(first, second);
    if (different.length > 0) throw new Error(`two builds of the same sources differ:\n  ${different.join('\n  ')}`);
    await output(env, { digest: digestOfChecksums(first) });
    console.log(first);
  },
  check: async (env, folder = '') => {
    const digest = digestOfChecksums(await checksumsOf(folder));
    if (digest !== need(env, 'EXPECTED')) throw new Error(`${folder} is not the build that was compared`);
  },
  tag: async (env, dist = '') => {
    const tag = need(env, 'TAG');
    const options = gitOf(env);
    const commit = await releaseCommit({ ...options, dist, tag });
    const isNew = await pushTag(options, tag, commit);
    console.log(`${tag} is ${commit}${isNew ? '' : ', as before'}`);
    await output(env, { commit });
  },
  notes: async (env, file = '') => {
    await writeFile(file, notesOf(await readFile('CHANGELOG.md', 'utf8'), need(env, 'VERSION')));
  },
  move: async (env) => {
    const tags = need(env, 'MOVING').split(' ');
    await moveTags(gitOf(env), tags, need(env, 'COMMIT'));
    console.log(`${tags.join(' and ')} moved to ${need(env, 'COMMIT')}`);
  },
};

const [command = '', ...folders] = process.argv.slice(2);
try {
  const run = COMMANDS[command];
  if (run === undefined) throw new Error(`unknown: ${command}; there are ${Object.keys(COMMANDS).join(', ')}`);
  await run(process.env, ...folders);
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  console.log(`::error title=release::${text.replaceAll('%', '%25').replaceAll('\n', '%0A')}`);
  process.exitCode = 1;
}

function gitOf({ GH_TOKEN, GITHUB_SERVER_URL = 'https://github.com' }: Env): GitOptions {
  return { folder: process.cwd(), env: GH_TOKEN ? loginOf(GITHUB_SERVER_URL, GH_TOKEN) : {} };
}

function need(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** All of these values are versions, names of tags or digests: single lines. */
async function output(env: Env, values: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  await appendFile(need(env, 'GITHUB_OUTPUT'), lines.join(''));
}

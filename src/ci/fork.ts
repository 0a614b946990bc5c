/**
 * A workflow that runs with the secrets of a repository must not use them on code of a fork ("pwn request"). What is told
 * apart, and how, follows actions/checkout 7 (`src/unsafe-pr-checkout-helper.ts`).
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SealerError } from '../error.ts';

/** What is checked out in a folder. */
export interface Checkout {
  /** The commit and its parents: a merge commit of a pull request has the fork's head as a parent. */
  readonly commits: readonly string[];
  readonly remote: string | undefined;
}

/**
 * Whether a checkout holds what a fork proposes, in an event that carries the repository's own secrets.
 * @param payload of the event, as GitHub wrote it
 */
export function isPrivilegedForkCode(eventName: string, payload: unknown, checkout: Checkout): boolean {
  const head = forkHead(eventName, payload);
  if (head === undefined) return false;
  const isForkCommit = checkout.commits.some((commit) => head.commits.includes(commit.toLowerCase()));
  return isForkCommit || isRemoteOf(checkout.remote, head.repository);
}

/**
 * Refuses to go on with credentials on a fork's code.
 * @throws SealerError UNSAFE_FORK
 */
export function refuseForkCode(eventName: string, payload: unknown, checkout: Checkout): void {
  if (!isPrivilegedForkCode(eventName, payload, checkout)) return;
  throw new SealerError(
    'UNSAFE_FORK',
    `This ${eventName} workflow has the secrets of the repository, and what it would work on is the code of a fork`,
    {
      hint: 'Build forks in a pull_request workflow, without secrets. Who has reviewed the code sets allow-unsafe-fork: true.',
    },
  );
}

/** Asks git what is checked out; nothing is known where there is no repository or no git. */
export async function readCheckout(folder: string): Promise<Checkout> {
  // Actions in containers run as another user than the one who checked out; we only read.
  const git = async (...args: string[]): Promise<string> => {
    const command = promisify(execFile)('git', ['-c', 'safe.directory=*', ...args], { cwd: folder });
    return command.then(({ stdout }) => stdout.trim()).catch(() => '');
  };
  const [commits, remote] = await Promise.all([
    git('log', '-1', '--format=%H %P'),
    git('config', '--get', 'remote.origin.url'),
  ]);
  return {
    commits: commits.split(' ').filter((commit) => commit !== ''),
    remote: remote === '' ? undefined : remote,
  };
}

interface ForkHead {
  readonly repository: string | undefined;
  readonly commits: readonly string[];
}

function forkHead(eventName: string, payload: unknown): ForkHead | undefined {
  const base = at(payload, 'repository', 'id');
  if (eventName === 'pull_request_target') {
    const request = at(payload, 'pull_request');
    if (!isFork(at(request, 'head', 'repo'), base)) return undefined;
    return {
      repository: textAt(request, 'head', 'repo', 'full_name'),
      commits: texts(at(request, 'head', 'sha'), at(request, 'merge_commit_sha')),
    };
  }
  const run = at(payload, 'workflow_run');
  const cause = textAt(run, 'event');
  if (eventName !== 'workflow_run' || cause?.startsWith('pull_request') !== true) return undefined;
  if (!isFork(at(run, 'head_repository'), base)) return undefined;
  // For runs that pull_request_target caused, head_sha is the base branch's.
  const headSha = cause === 'pull_request_target' ? undefined : at(run, 'head_sha');
  return {
    repository: textAt(run, 'head_repository', 'full_name'),
    commits: texts(at(run, 'head_commit', 'id'), headSha),
  };
}

/**
 * A fork that was deleted is null in the payload, and its code is still there as refs/pull/N/head: nobody gets past by deleting
 * what he has proposed from. (actions/checkout lets that through.)
 */
function isFork(head: unknown, base: unknown): boolean {
  if (typeof base !== 'number') return false;
  return head === null || (typeof at(head, 'id') === 'number' && at(head, 'id') !== base);
}

function isRemoteOf(remote: string | undefined, repository: string | undefined): boolean {
  if (remote === undefined || repository === undefined) return false;
  return remote
    .toLowerCase()
    .replace(/\.git$/, '')
    .endsWith(`/${repository.toLowerCase()}`);
}

function at(value: unknown, ...keys: string[]): unknown {
  let found = value;
  for (const key of keys) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.entries(found).find(([name]) => name === key)?.[1];
  }
  return found;
}

function textAt(value: unknown, ...keys: string[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === 'string' ? found : undefined;
}

function texts(...values: unknown[]): readonly string[] {
  return values.flatMap((value) => (typeof value === 'string' && value !== '' ? [value.toLowerCase()] : []));
}

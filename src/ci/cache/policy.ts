/** When the cache of GitHub Actions may be read, and when it may be written. */

import type { BuildInputs } from '../inputs/index.ts';
import type { Workflow } from '../workflow.ts';

export interface CachePolicy {
  readonly read: boolean;
  readonly write: boolean;
}

/** Events that only who may push to the repository can cause. */
const TRUSTED = new Set(['push', 'schedule', 'workflow_dispatch', 'repository_dispatch', 'merge_group', 'release']);

/**
 * What a run may do with the cache. A release is built from nothing but its sources (`auto`), and what an outsider can
 * cause never writes what later runs would read.
 */
export function cachePolicy(
  { cache, noCache, push }: Pick<BuildInputs, 'cache' | 'noCache' | 'push'>,
  { eventName, ref, payload }: Pick<Workflow, 'eventName' | 'ref' | 'payload'>,
): CachePolicy {
  const isRelease = eventName === 'release' || (push && ref.startsWith('refs/tags/'));
  if (cache === 'false' || noCache || (cache === 'auto' && isRelease)) return { read: false, write: false };
  return { read: true, write: TRUSTED.has(eventName) || isOwnPullRequest(eventName, payload) };
}

function isOwnPullRequest(eventName: string, payload: unknown): boolean {
  if (eventName !== 'pull_request') return false;
  const { pull_request: request, repository } = Object(payload);
  const head: unknown = request?.head?.repo?.id;
  return typeof head === 'number' && head === repository?.id;
}

/** What an event of a pull request asks for: the whole table in one place. Pure. */

import type { Pull } from '../github/index.ts';
import type { PullEvent } from './pull-event.ts';

export type Decision =
  /** `runner`: no credentials, hosts on the runner alone, and a summary instead of a comment. */
  | { readonly what: 'deploy'; readonly trust: 'repository' | 'runner' }
  | { readonly what: 'remove'; readonly why: string }
  | { readonly what: 'nothing'; readonly why: string }
  /** A fork's code in an event that has secrets. */
  | { readonly what: 'refuse' };

export interface DecisionRules {
  /** Only pull requests with this label have a preview. */
  readonly label: string | undefined;
  readonly allowUnsafeFork: boolean;
}

/** Events that bring new code, or bring it back. */
const DEPLOYING = ['opened', 'reopened', 'synchronize', 'ready_for_review'];

/**
 * Decides.
 * @param live the pull request as it is now; undefined where it could not be asked
 */
export function decide(event: PullEvent, live: Pull | undefined, rules: DecisionRules): Decision {
  const { action, isFork, isPrivileged } = event;
  if (isFork && isPrivileged && !rules.allowUnsafeFork) return { what: 'refuse' };
  const isOpen = live?.isOpen ?? event.isOpen;
  const trust = isFork && !isPrivileged ? 'runner' : 'repository';
  if (trust === 'runner' && (action === 'closed' || !isOpen)) {
    return nothing("the preview of a fork's pull request is gone with its job");
  }
  if (action === 'closed') {
    return isOpen ? nothing('the pull request is open again') : { what: 'remove', why: 'the pull request is closed' };
  }
  // Somebody ran an old run again.
  if (!isOpen) return { what: 'remove', why: 'the pull request is closed' };
  const labels = live?.labels ?? event.labels;
  const isWanted = rules.label === undefined || labels.includes(rules.label);
  if (action === 'unlabeled') {
    const isOurs = rules.label !== undefined && event.label === rules.label;
    if (!isOurs || isWanted) return nothing('this label says nothing about previews');
    return trust === 'runner' ? nothing('nothing is left') : { what: 'remove', why: `${rules.label} was taken off` };
  }
  if (action === 'labeled' && event.label !== rules.label) return nothing('this label says nothing about previews');
  if (action !== 'labeled' && !DEPLOYING.includes(action)) return nothing(`"${action}" changes nothing in a preview`);
  if (!isWanted) return nothing(`the pull request has no label ${rules.label}`);
  if (live !== undefined && live.headSha !== event.headSha) return nothing('a later commit has a run of its own');
  return { what: 'deploy', trust };
}

function nothing(why: string): Decision {
  return { what: 'nothing', why };
}

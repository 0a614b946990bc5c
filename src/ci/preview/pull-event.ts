/** What the payload of an event says of its pull request. Nothing in it is trusted further than its shape. */

import { SealerError } from '../../error.ts';

export interface PullEvent {
  readonly action: string;
  readonly pull: number;
  readonly isOpen: boolean;
  readonly headSha: string;
  readonly isFork: boolean;
  /** The workflow has the repository's secrets, whoever wrote the code. */
  readonly isPrivileged: boolean;
  readonly labels: readonly string[];
  /** The one that was put on or taken off. */
  readonly label: string | undefined;
}

/**
 * Reads a payload.
 * @throws SealerError USAGE for events that are about no pull request
 */
export function readPullEvent(eventName: string, payload: unknown): PullEvent {
  const pull = at(payload, 'pull_request');
  const number = at(pull, 'number');
  const headSha = at(pull, 'head', 'sha');
  const isPull = eventName === 'pull_request' || eventName === 'pull_request_target';
  if (!isPull || typeof number !== 'number' || typeof headSha !== 'string') {
    throw new SealerError('USAGE', `The input preview is "pr", and the event ${eventName} is about no pull request`, {
      hint: 'Use it in a workflow with "on: pull_request"; for schedules there is preview: sweep.',
    });
  }
  const [head, base] = [at(pull, 'head', 'repo', 'id'), at(payload, 'repository', 'id')];
  const labels = at(pull, 'labels');
  return {
    action: text(at(payload, 'action')) ?? '',
    pull: number,
    isOpen: at(pull, 'state') === 'open',
    headSha,
    // A fork that was deleted has no ID any more.
    isFork: head === undefined || head === null || head !== base,
    isPrivileged: eventName === 'pull_request_target',
    labels: Array.isArray(labels) ? labels.flatMap((label) => text(at(label, 'name')) ?? []) : [],
    label: text(at(payload, 'label', 'name')),
  };
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.entries(found).find(([name]) => name === key)?.[1];
  }
  return found;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What the runner tells an action about the workflow. */

import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { readCheckout, refuseForkCode } from './fork.ts';

export interface Workflow {
  readonly env: NodeJS.ProcessEnv;
  readonly eventName: string;
  /** The full name of what is built: `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`. */
  readonly ref: string;
  /** The event as GitHub sent it; nothing outside GitHub. */
  readonly payload: unknown;
  readonly workspace: string;
  /** A folder that the runner empties after the job. */
  readonly temporary: string;
}

/** Reads the runner's variables. */
export async function readWorkflow(env: NodeJS.ProcessEnv): Promise<Workflow> {
  const payload = env.GITHUB_EVENT_PATH
    ? await readFile(env.GITHUB_EVENT_PATH, 'utf8').then(JSON.parse, () => undefined)
    : undefined;
  return {
    env,
    eventName: env.GITHUB_EVENT_NAME ?? '',
    ref: env.GITHUB_REF ?? '',
    payload,
    workspace: env.GITHUB_WORKSPACE || process.cwd(),
    temporary: env.RUNNER_TEMP || tmpdir(),
  };
}

/**
 * Refuses to use secrets on what a fork proposes.
 * @param folders that are worked on
 * @throws SealerError UNSAFE_FORK
 */
export async function guardSecrets(
  { eventName, payload, workspace }: Workflow,
  folders: readonly string[],
): Promise<void> {
  for (const folder of new Set([workspace, ...folders])) {
    refuseForkCode(eventName, payload, await readCheckout(folder));
  }
}

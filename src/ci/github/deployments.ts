/**
 * Deployments without litter: all of a kind share one environment, which a workflow's token could never remove, and are
 * told apart by their task.
 */

import type { Github } from './client.ts';
import { isGone, isUncertain } from './explain.ts';

export interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly task: string;
  readonly payload: unknown;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export type DeploymentState = 'queued' | 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

export interface DeploymentStatus {
  readonly state: DeploymentState;
  readonly description: string;
  /** Of the job's log. */
  readonly logUrl?: string | undefined;
  /** Where what was deployed is; http or https. */
  readonly environmentUrl?: string | undefined;
}

export interface NewDeployment {
  /** The commit. */
  readonly sha: string;
  readonly environment: string;
  readonly task: string;
  readonly description: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const READ = 'deployments: read';
const WRITE = 'deployments: write';
const MAX_TRIES = 3;
/** Characters of a description; GitHub refuses more. */
const MAX_DESCRIPTION = 140;

/**
 * The deployments of an environment, the newest first.
 * @param task of one kind alone
 * @throws SealerError as `Github.call`
 */
export async function listDeployments(
  github: Github,
  { environment, task }: { readonly environment: string; readonly task?: string | undefined },
): Promise<readonly Deployment[]> {
  return await github.call('list the deployments', READ, () => list(github, environment, task));
}

/**
 * The deployment of a commit: the one that is there, or a new one.
 * @throws SealerError as `Github.call`
 */
export async function ensureDeployment(github: Github, wanted: NewDeployment): Promise<Deployment> {
  const { sha, environment, task, description, payload } = wanted;
  return await github.call('make a deployment', WRITE, async () => {
    for (let tries = 1; ; tries++) {
      const there = (await list(github, environment, task)).find((each) => each.sha === sha);
      if (there !== undefined) return there;
      try {
        const { data } = await github.octokit.rest.repos.createDeployment({
          ...{ owner: github.owner, repo: github.repo, ref: sha, environment, task },
          description: shorten(description),
          payload: { ...payload },
          // Neither merges the base branch into it nor waits for checks, of which this job is one.
          ...{ auto_merge: false, required_contexts: [] },
          ...{ transient_environment: true, production_environment: false },
          request: { retries: 0 },
        });
        if ('id' in data) return toDeployment(data);
        throw new Error(`GitHub answers without a deployment: ${data.message}`);
      } catch (error) {
        if (tries >= MAX_TRIES || !isUncertain(error)) throw error;
        await github.wait(tries);
      }
    }
  });
}

/**
 * Says how a deployment is. Others of the environment stay as they are: they are other people's.
 * @throws SealerError as `Github.call`
 */
export async function setDeploymentStatus(github: Github, id: number, status: DeploymentStatus): Promise<void> {
  const { state, description, logUrl, environmentUrl } = status;
  await github.call('say how the deployment is', WRITE, () =>
    github.octokit.rest.repos.createDeploymentStatus({
      ...{ owner: github.owner, repo: github.repo, deployment_id: id, state },
      description: shorten(description),
      auto_inactive: false,
      ...(logUrl === undefined ? {} : { log_url: logUrl }),
      ...(environmentUrl === undefined ? {} : { environment_url: environmentUrl }),
    }),
  );
}

/**
 * When a deployment was heard of last, in milliseconds since 1970; undefined if it is gone.
 * @throws SealerError as `Github.call`
 */
export async function lastSign(github: Github, { id, createdAt }: Deployment): Promise<number | undefined> {
  return await github.call('read the deployment', READ, async () => {
    try {
      const { data } = await github.octokit.rest.repos.listDeploymentStatuses({
        ...{ owner: github.owner, repo: github.repo, deployment_id: id, per_page: 100 },
      });
      return Math.max(createdAt, ...data.map((status) => Date.parse(status.created_at)));
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  });
}

/**
 * Removes a deployment: made inactive first, for GitHub keeps active ones. One that is gone is fine.
 * @throws SealerError as `Github.call`
 */
export async function removeDeployment(github: Github, id: number): Promise<void> {
  const at = { owner: github.owner, repo: github.repo, deployment_id: id };
  await github.call('remove the deployment', WRITE, async () => {
    try {
      await github.octokit.rest.repos.createDeploymentStatus({ ...at, state: 'inactive', auto_inactive: false });
      await github.octokit.rest.repos.deleteDeployment(at);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  });
}

async function list({ octokit, owner, repo }: Github, environment: string, task?: string) {
  const all = await octokit.paginate(octokit.rest.repos.listDeployments, {
    ...{ owner, repo, environment, per_page: 100 },
    ...(task === undefined ? {} : { task }),
  });
  return all.map(toDeployment);
}

function toDeployment(data: {
  readonly id: number;
  readonly sha: string;
  readonly task: string;
  readonly payload: unknown;
  readonly created_at: string;
}): Deployment {
  const { id, sha, task, payload, created_at } = data;
  return { id, sha, task, payload: parsePayload(payload), createdAt: Date.parse(created_at) };
}

/** GitHub gives an object back as it was, or as its text. */
function parsePayload(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.length <= MAX_DESCRIPTION ? text : `${text.slice(0, MAX_DESCRIPTION - 1)}…`;
}

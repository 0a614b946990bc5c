/**
 * Takes away what should have gone: previews of pull requests that are closed although nobody was told, those whose time is
 * over, and what a kill left in the middle. Looks at the leases on the hosts and at the deployments, each for itself.
 */

import type { SealerError } from '../../error.ts';
import { groupLeases, isExpired, type LeaseGroup, readLeases, takeBack } from '../../host-pool/index.ts';
import {
  type Deployment,
  lastSign,
  listDeployments,
  type OurComment,
  type Pull,
  readPull,
  removeComment,
  removeDeployment,
  writeComment,
} from '../github/index.ts';
import { previewText } from './comment.ts';
import { ENVIRONMENT, keyOfTask, namePreview, pullOfTask } from './names.ts';
import { collect, throwAll } from './remove.ts';
import type { PreviewForge, PreviewWorld } from './world.ts';

export interface SweepRequest {
  /** `owner/name`. */
  readonly repository: string;
  /** For deployments that do not say how long theirs is. */
  readonly ttlMs: number;
  /** Only pull requests with this label have a preview. */
  readonly label: string | undefined;
}

export interface Swept {
  /** What was taken away and why, in words. */
  readonly done: readonly string[];
  /** Previews that stay. */
  readonly kept: number;
}

interface Sweep extends SweepRequest {
  readonly forge: PreviewForge;
  readonly pulls: Map<number, Promise<Pull | undefined>>;
  readonly done: string[];
  readonly errors: SealerError[];
}

/**
 * Sweeps.
 * @throws SealerError of hosts and of GitHub, once everything was tried
 */
export async function sweepPreviews(
  request: SweepRequest,
  forge: PreviewForge,
  world: Omit<PreviewWorld, 'forge'>,
): Promise<Swept> {
  const sweep: Sweep = { ...request, forge, pulls: new Map(), done: [], errors: [] };
  const leased = await sweepPool(sweep, world);
  const kept = await sweepDeployments(sweep, leased, world);
  for (const message of sweep.done) world.report({ type: 'note', level: 'info', message });
  throwAll(sweep.errors);
  return { done: sweep.done, kept };
}

/** @returns IDs of previews that have hosts and keep them */
async function sweepPool(sweep: Sweep, world: Omit<PreviewWorld, 'forge'>): Promise<ReadonlySet<string>> {
  const { pool, now, by, report } = world;
  const kept = new Set<string>();
  if (pool === undefined) return kept;
  const { leases, lost } = await readLeases(pool.hosts, pool.dataRoot);
  for (const [, { message }] of lost) report({ type: 'note', level: 'warning', message });
  for (const group of groupLeases(leases)) {
    await collect(sweep.errors, async () => {
      const why = await whyFree(group, sweep, now());
      if (why === undefined) return void kept.add(group.id);
      const hosts = group.leases.map(({ host }) => host.address).join(', ');
      const isFree = await takeBack(group, lost, { ...pool, now, by });
      if (isFree) sweep.done.push(`${group.id}: ${hosts} free, for ${why}`);
    });
  }
  return kept;
}

async function whyFree(group: LeaseGroup, sweep: Sweep, now: number): Promise<string | undefined> {
  if (isExpired(group, now)) return 'its time is over';
  // A pool may serve several repositories; of others, nothing but the time is known here.
  if (group.takenBackBy !== undefined || group.repository !== sweep.repository) return undefined;
  return await whyUnwanted(group.pull, sweep);
}

/** @returns how many previews stay */
async function sweepDeployments(
  sweep: Sweep,
  leased: ReadonlySet<string>,
  { now }: Pick<PreviewWorld, 'now'>,
): Promise<number> {
  const { github } = sweep.forge;
  const all = await listDeployments(github, { environment: ENVIRONMENT });
  let kept = 0;
  for (const [task, [newest, ...older]] of Map.groupBy(all, (each) => each.task)) {
    const pull = pullOfTask(task);
    if (pull === undefined || newest === undefined) continue;
    await collect(sweep.errors, async () => {
      for (const { id } of older) await removeDeployment(github, id);
      if (older.length > 0) sweep.done.push(`#${pull}: ${older.length} deployments of earlier commits removed`);
      const isKept = await sweepDeployment(newest, pull, sweep, leased, now());
      if (isKept) kept += 1;
    });
  }
  return kept;
}

async function sweepDeployment(
  deployment: Deployment,
  pull: number,
  sweep: Sweep,
  leased: ReadonlySet<string>,
  now: number,
): Promise<boolean> {
  const { github, author } = sweep.forge;
  const { repository, done } = sweep;
  const key = keyOfTask(deployment.task);
  const { id, marker } = namePreview({ repository, pull, key });
  const which: OurComment = { issue: pull, marker, author };
  const why = await whyUnwanted(pull, sweep);
  if (why !== undefined) {
    await removeComment(github, which);
    await removeDeployment(github, deployment.id);
    done.push(`${id}: comment and deployment removed, for ${why}`);
    return false;
  }
  const sign = await lastSign(github, deployment);
  const isOver = sign !== undefined && sign + ttlOf(deployment, sweep.ttlMs) <= now;
  if (!isOver || leased.has(id)) return true;
  const text = previewText({ state: { kind: 'expired' }, sha: deployment.sha, key, logUrl: undefined });
  await writeComment(github, which, text);
  await removeDeployment(github, deployment.id);
  done.push(`${id}: deployment removed, for its time is over`);
  return false;
}

/** Why a pull request has no preview; undefined if it has. */
async function whyUnwanted(number: number, { pulls, forge, label }: Sweep): Promise<string | undefined> {
  const asked = pulls.get(number) ?? readPull(forge.github, number);
  pulls.set(number, asked);
  const pull = await asked;
  if (pull === undefined) return 'there is no such pull request';
  if (!pull.isOpen) return 'the pull request is closed';
  if (label !== undefined && !pull.labels.includes(label)) return `the pull request has no label ${label}`;
  return undefined;
}

function ttlOf({ payload }: Deployment, otherwise: number): number {
  const { ttlMs } = Object(Object(payload).sealer);
  return typeof ttlMs === 'number' && ttlMs > 0 ? ttlMs : otherwise;
}

/**
 * Makes a preview, or brings it to the latest commit. The deployment is made before anything else and removed after
 * everything else, so that whatever a kill leaves behind has one, and the sweep finds it.
 */

import { toSealerError } from '../../cli/index.ts';
import { SealerError } from '../../error.ts';
import { takeHosts } from '../../host-pool/index.ts';
import {
  ensureDeployment,
  listDeployments,
  removeDeployment,
  setDeploymentStatus,
  writeComment,
} from '../github/index.ts';
import { type PreviewImage, type PreviewState, previewText } from './comment.ts';
import { ENVIRONMENT, type PreviewNames } from './names.ts';
import type { PreviewCluster, PreviewWorld, RunningPreview } from './world.ts';

export interface PreviewRequest extends PreviewNames {
  /** `owner/name`. */
  readonly repository: string;
  readonly pull: number;
  readonly key: string;
  /** The head of the pull request. */
  readonly sha: string;
  readonly ttlMs: number;
  /** Of the app, with `{host}` for the address of the first master; undefined: nobody is told one. */
  readonly url: string | undefined;
  /** Whether the hosts are containers of the runner, which nobody outside reaches and which go with the job. */
  readonly isOnRunner: boolean;
}

export interface DeployedPreview {
  readonly image: PreviewImage;
  readonly running: RunningPreview;
  readonly url: string | undefined;
  /** Milliseconds since 1970; undefined: with the job. */
  readonly expires: number | undefined;
  readonly deploymentId: number | undefined;
  readonly commentId: number | undefined;
  /** What the comment says, for the summary. */
  readonly text: string;
}

/**
 * Makes it. What fails is told in the comment and the deployment, then thrown; running it again goes on from there.
 * @throws SealerError of any kind
 */
export async function deployPreview(
  request: PreviewRequest,
  cluster: PreviewCluster,
  world: PreviewWorld,
): Promise<DeployedPreview> {
  const opened = await openDeployment(request, world);
  let image: PreviewImage | undefined;
  try {
    image = await cluster.image();
    const taken = await takeFromPool(request, world);
    const running = await cluster.run(request.cluster, image, taken?.hosts);
    const url = request.url?.replaceAll('{host}', running.address);
    await cluster.smokeTest?.(running, url);
    const expires = taken?.expires ?? (request.isOnRunner ? undefined : world.now() + request.ttlMs);
    const outside = request.isOnRunner ? undefined : url;
    const smokeTest = cluster.smokeTest !== undefined;
    const text = textOf({ kind: 'ready', url: outside, expires, image, smokeTest }, request, world);
    const commentId = await say(text, request, world);
    await tell(
      opened,
      'success',
      request.isOnRunner ? 'Ready on the runner until its job ends' : 'Ready',
      outside,
      world,
    );
    await removeOlder(opened, request, world);
    return { image, running, url, expires, deploymentId: opened, commentId, text };
  } catch (thrown) {
    // A later push, or the end of the pull request, has cancelled this run: what follows is theirs.
    world.signal.throwIfAborted();
    const error = toSealerError(thrown, world.signal);
    const problem = `${error.code}: ${error.message}`;
    const text = textOf({ kind: 'failed', problem, hint: error.hint, image }, request, world);
    await quietly(world, () => say(text, request, world));
    await quietly(world, () => tell(opened, 'failure', problem, undefined, world));
    await quietly(world, () => removeOlder(opened, request, world));
    throw thrown;
  }
}

async function openDeployment(request: PreviewRequest, { forge, logUrl }: PreviewWorld): Promise<number | undefined> {
  if (forge === undefined) return undefined;
  const { id, sha, task, ttlMs } = request;
  const { id: deployment } = await ensureDeployment(forge.github, {
    ...{ sha, task, environment: ENVIRONMENT, description: `Preview of ${id}` },
    payload: { sealer: { ttlMs } },
  });
  const description = 'The preview is being made';
  await setDeploymentStatus(forge.github, deployment, { state: 'in_progress', description, logUrl });
  return deployment;
}

async function takeFromPool(request: PreviewRequest, { pool, now, report, signal, by }: PreviewWorld) {
  if (pool === undefined) return undefined;
  const { id, repository, pull, cluster, ttlMs } = request;
  const holder = { id, repository, pull, cluster };
  report({ type: 'phase', title: 'Take hosts of the pool' });
  return await takeHosts(pool.hosts, { ...pool, holder, ttlMs, now, report, signal, by });
}

function textOf(state: PreviewState, { sha, key }: PreviewRequest, { logUrl }: PreviewWorld): string {
  return previewText({ state, sha, key, logUrl });
}

async function say(text: string, request: PreviewRequest, { forge }: PreviewWorld): Promise<number | undefined> {
  if (forge === undefined) return undefined;
  const which = { issue: request.pull, marker: request.marker, author: forge.author };
  return (await writeComment(forge.github, which, text)).id;
}

async function tell(
  deployment: number | undefined,
  state: 'success' | 'failure',
  description: string,
  environmentUrl: string | undefined,
  { forge, logUrl }: PreviewWorld,
): Promise<void> {
  if (forge === undefined || deployment === undefined) return;
  const isWeb = environmentUrl !== undefined && /^https?:\/\//.test(environmentUrl);
  await setDeploymentStatus(forge.github, deployment, {
    ...{ state, description, logUrl },
    ...(isWeb ? { environmentUrl } : {}),
  });
}

/** One pull request has one deployment: those of earlier commits go. */
async function removeOlder(
  deployment: number | undefined,
  { task }: PreviewRequest,
  { forge }: PreviewWorld,
): Promise<void> {
  if (forge === undefined) return;
  for (const { id } of await listDeployments(forge.github, { environment: ENVIRONMENT, task })) {
    if (id !== deployment) await removeDeployment(forge.github, id);
  }
}

/** A failure while a failure is told is only noted: the first one is what matters. */
async function quietly({ report }: PreviewWorld, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    report({ type: 'note', level: 'warning', message: error.message, hint: error.hint });
  }
}

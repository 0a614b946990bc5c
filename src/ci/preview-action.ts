/** What actions/run does with `preview: pr` and `preview: sweep`. */

import { info, setOutput, summary } from '@actions/core';
import { VERSION } from '../cli/index.ts';
import { SealerError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { parseKubeconfig } from '../kubernetes/index.ts';
import { type Github, openGithub, type Pull, readLogin, readPull } from './github/index.ts';
import { withoutCommands } from './groups.ts';
import { openHostRun } from './host-run.ts';
import type { RunInputs } from './inputs/index.ts';
import {
  type DeployedPreview,
  decide,
  deployPreview,
  namePreview,
  type PreviewCluster,
  type PreviewWorld,
  type PullEvent,
  readPullEvent,
  removePreview,
  runSmokeTest,
  sweepPreviews,
} from './preview/index.ts';
import { previewImage } from './preview-image.ts';
import { type OpenPool, openPool, poolCounts } from './preview-pool.ts';
import type { Session } from './session.ts';
import type { Workflow } from './workflow.ts';

export interface PreviewSetting {
  readonly session: Session;
  readonly workflow: Workflow;
  readonly signal: AbortSignal;
}

/**
 * Does what the event, or the schedule, asks for.
 * @throws SealerError of any kind
 */
export async function previewAction(inputs: RunInputs, setting: PreviewSetting): Promise<void> {
  if (inputs.command !== 'apply') {
    throw new SealerError('USAGE', `The input command is "${inputs.command}", and previews have no commands`, {
      hint: 'Leave command out: what is to be done is said by the event.',
    });
  }
  if (inputs.preview.mode === 'sweep') return await sweep(inputs, setting);
  const event = readPullEvent(setting.workflow.eventName, setting.workflow.payload);
  // A token that comes from a secret is empty for a fork, which gets its preview on the runner all the same.
  const hasToken = inputs.preview.token !== '' || !event.isFork || event.isPrivileged;
  const github = hasToken ? openApi(inputs, setting) : undefined;
  const live = github === undefined ? undefined : await readLive(github, event);
  const decision = decide(event, live, { label: inputs.preview.label, allowUnsafeFork: inputs.allowUnsafeFork });
  switch (decision.what) {
    case 'refuse':
      throw new SealerError('UNSAFE_FORK', 'A preview would use secrets of the repository on the code of a fork', {
        hint: 'Use on: pull_request. Who has reviewed the code sets allow-unsafe-fork: true.',
      });
    case 'nothing':
      return info(`No preview is changed: ${decision.why}.`);
    case 'remove':
      info(`The preview is removed: ${decision.why}.`);
      return await remove(event, inputs, github ?? openApi(inputs, setting), setting);
    case 'deploy':
      return await deploy(event, inputs, decision.trust === 'repository' ? github : undefined, setting);
  }
}

async function deploy(
  event: PullEvent,
  given: RunInputs,
  github: Github | undefined,
  setting: PreviewSetting,
): Promise<void> {
  const { workflow } = setting;
  const inputs = github === undefined ? withoutCredentials(given) : given;
  const names = namesOf(event, inputs, workflow);
  await using opened = await openWorld(inputs, github, setting);
  const { world, pool } = opened;
  const isOnRunner = pool === undefined && !namesHosts(inputs);
  const deployed = await deployPreview(
    {
      ...{ ...names, repository: repositoryOf(workflow), pull: event.pull, key: inputs.name ?? '', sha: event.headSha },
      ...{ ttlMs: inputs.preview.ttlMs, url: inputs.preview.url, isOnRunner },
    },
    clusterOf(inputs, names.cluster, pool, setting),
    world,
  );
  await tell(names.id, deployed, inputs, workflow);
}

async function remove(event: PullEvent, inputs: RunInputs, github: Github, setting: PreviewSetting): Promise<void> {
  const names = namesOf(event, inputs, setting.workflow);
  await using opened = await openWorld(inputs, github, setting);
  await removePreview(
    { ...names, pull: event.pull },
    clusterOf(inputs, names.cluster, opened.pool, setting),
    opened.world,
  );
  setOutput('preview-id', names.id);
}

async function sweep(inputs: RunInputs, setting: PreviewSetting): Promise<void> {
  const github = openApi(inputs, setting);
  await using opened = await openWorld(inputs, github, setting);
  const { forge, ...world } = opened.world;
  if (forge === undefined) throw new Error('a sweep has always a token');
  const { ttlMs, label } = inputs.preview;
  const repository = repositoryOf(setting.workflow);
  const { done, kept } = await sweepPreviews({ repository, ttlMs, label }, forge, world);
  info(`${done.length === 0 ? 'Nothing had to go' : `${done.length} things are gone`}; ${kept} previews stay.`);
}

function clusterOf(
  inputs: RunInputs,
  cluster: string,
  pool: OpenPool | undefined,
  setting: PreviewSetting,
): PreviewCluster {
  const { session, workflow, signal } = setting;
  const { smokeTest: script } = inputs.preview;
  const command = 'actions/run preview';
  const { env, workspace: cwd } = workflow;
  const onLine = (line: string): void => void process.stdout.write(`${withoutCommands(line)}\n`);
  return {
    image: () => previewImage(inputs, cluster, { session, env, signal }),
    run: async (name, image, hosts) => {
      const own = hosts === undefined ? {} : rolesOf(hosts, inputs, pool);
      const asked = { ...inputs, ...own, name, image: inputs.image ?? image.digest, waits: true, dryRun: false };
      await using run = await openHostRun(asked, { session, workflow, signal, command });
      const { kubeconfig, kubeconfigFile, clusterfile } = await run.apply();
      if (kubeconfig === undefined || kubeconfigFile === undefined) throw new Error('a cluster without a kubeconfig');
      const master = clusterfile.cluster.hosts.find(({ roles }) => roles.includes('master'));
      const { server } = parseKubeconfig(kubeconfig);
      return { kubeconfig: kubeconfigFile, apiUrl: server, address: master?.address ?? new URL(server).hostname };
    },
    smokeTest:
      script === undefined
        ? undefined
        : (running, url) => {
            session.report({ type: 'phase', title: 'Smoke test' });
            return runSmokeTest({ script, cwd, env, timeoutMs: inputs.timeoutMs, onLine, signal }, running, url);
          },
    remove: async (name) => {
      await using run = await openHostRun({ ...inputs, name, dryRun: false }, { session, workflow, signal, command });
      await run.remove().catch((error: unknown) => {
        // On the runner, it has gone with the job that made it.
        const isGone = error instanceof SealerError && /^(?:CLUSTER|ENGINE)_NOT_FOUND$/.test(error.code);
        if (!isGone) throw error;
      });
    },
  };
}

/** Hosts of the pool as the inputs masters and nodes would name them. */
function rolesOf(hosts: readonly Host[], inputs: RunInputs, pool: OpenPool | undefined): Partial<RunInputs> {
  const { masters } = poolCounts(inputs);
  const names = hosts.map((host) => pool?.nameOf(host) ?? host.address);
  return {
    provider: 'ssh',
    clusterfile: inputs.clusterfile,
    masters: names.slice(0, masters).join(','),
    nodes: names.slice(masters).join(',') || undefined,
  };
}

interface OpenedWorld extends AsyncDisposable {
  readonly world: PreviewWorld;
  readonly pool: OpenPool | undefined;
}

async function openWorld(
  inputs: RunInputs,
  github: Github | undefined,
  { session, workflow, signal }: PreviewSetting,
): Promise<OpenedWorld> {
  await using stack = new AsyncDisposableStack();
  const { pool: file } = inputs.preview;
  const command = 'actions/run preview';
  const bySsh = { ...inputs, provider: 'ssh' as const };
  const run =
    file === undefined ? undefined : stack.use(await openHostRun(bySsh, { session, workflow, signal, command }));
  const pool = file === undefined || run === undefined ? undefined : stack.use(await openPool(file, inputs, run));
  const { GITHUB_RUN_ID: id = '', GITHUB_RUN_ATTEMPT: attempt = '1', GITHUB_SERVER_URL: server } = workflow.env;
  const repository = repositoryOf(workflow);
  const world = {
    forge: github === undefined ? undefined : { github, author: await readLogin(github) },
    pool: pool?.pool,
    now: Date.now,
    ...{ report: session.report, signal },
    logUrl: id === '' || server === undefined ? undefined : `${server}/${repository}/actions/runs/${id}`,
    by: `${repository} run ${id} attempt ${attempt}`,
  };
  const kept = stack.move();
  return { world, pool, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function openApi({ preview }: RunInputs, { session, workflow, signal }: PreviewSetting): Github {
  return openGithub({
    ...{ token: preview.token, apiUrl: workflow.env.GITHUB_API_URL || undefined, repository: repositoryOf(workflow) },
    ...{ userAgent: `sealer/${VERSION}`, report: session.report, signal },
  });
}

/** A fork's token may not be able to ask; then the event has to do. */
async function readLive(github: Github, event: PullEvent): Promise<Pull | undefined> {
  return await readPull(github, event.pull).catch((error: unknown) => {
    if (event.isFork && error instanceof SealerError) return undefined;
    throw error;
  });
}

function namesOf({ pull }: PullEvent, inputs: RunInputs, workflow: Workflow) {
  return namePreview({ repository: repositoryOf(workflow), pull, key: inputs.name ?? '' });
}

/** A fork's code gets containers of its runner, and nothing that opens anything else. */
function withoutCredentials(inputs: RunInputs): RunInputs {
  const nothing = { user: undefined, port: undefined, key: undefined, passphrase: undefined, password: undefined };
  const ssh = { ...nothing, sudoPassword: undefined, knownHosts: undefined, fingerprints: [], jump: undefined };
  return {
    ...inputs,
    ...{ provider: 'container', ssh, registryAuth: [], clusterfile: undefined, clusterHost: undefined },
    masters: countIn(inputs.masters),
    nodes: countIn(inputs.nodes),
    preview: { ...inputs.preview, pool: undefined, token: '' },
  };
}

function countIn(text: string | undefined): string | undefined {
  return text !== undefined && /^\d{1,3}$/.test(text) ? text : undefined;
}

/** Whether the inputs say which hosts; otherwise they are containers of the runner. */
function namesHosts({ provider, masters, nodes, clusterfile }: RunInputs): boolean {
  if (provider !== undefined) return provider === 'ssh';
  return (
    clusterfile !== undefined || [masters, nodes].some((text) => text !== undefined && countIn(text) === undefined)
  );
}

function repositoryOf({ env }: Workflow): string {
  return env.GITHUB_REPOSITORY ?? '';
}

async function tell(id: string, deployed: DeployedPreview, inputs: RunInputs, { env }: Workflow): Promise<void> {
  const { running, url, expires, deploymentId, commentId, text } = deployed;
  if (inputs.summary && env.GITHUB_STEP_SUMMARY) await summary.addRaw(`${text}\n`).write();
  setOutput('preview-id', id);
  setOutput('deployment-id', deploymentId ?? '');
  setOutput('comment-id', commentId ?? '');
  setOutput('expires-at', expires === undefined ? '' : new Date(expires).toISOString());
  setOutput('kubeconfig', running.kubeconfig);
  setOutput('url', url ?? running.apiUrl);
}

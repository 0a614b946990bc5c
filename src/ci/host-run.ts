/** One run of actions/run on hosts: how they are reached, and what is done to the cluster on them. */

import { join } from 'node:path';
import { info, setOutput, setSecret, summary } from '@actions/core';
import {
  describePlan,
  openHosts,
  readOrMake,
  readTarget,
  readTrust,
  removeContainers,
  runnableImage,
  writeKubeconfig,
} from '../cli/index.ts';
import {
  type Changed,
  type ClusterWorld,
  changeCluster,
  deleteCluster,
  openKnownCluster,
  type Plan,
  registryHostsOf,
  rolesOf,
} from '../cluster/index.ts';
import type { Clusterfile } from '../clusterfile/index.ts';
import { SealerError } from '../error.ts';
import { parseKubeconfig } from '../kubernetes/index.ts';
import { withoutCommands } from './groups.ts';
import type { RunInputs } from './inputs/index.ts';
import { placeFile } from './secrets.ts';
import type { Session } from './session.ts';
import { type PicturedCluster, picturedCluster, type RunSummaryOptions, runSummary } from './summary/index.ts';
import type { Workflow } from './workflow.ts';

export interface HostRun extends AsyncDisposable {
  readonly world: ClusterWorld;
  /** How hosts are reached, in the words of Clusterfiles. */
  readonly login: {
    readonly user: string | undefined;
    readonly port: number | undefined;
    readonly key: string | undefined;
    readonly sshJump: string | undefined;
    readonly password: string | undefined;
    readonly passphrase: string | undefined;
    readonly sudoPassword: string | undefined;
  };
  /** Makes the cluster what the inputs say. @throws SealerError of any kind */
  apply(): Promise<Applied>;
  /** Deletes it. @throws SealerError CLUSTER_NOT_FOUND and others */
  remove(): Promise<Plan>;
}

export interface Applied extends Changed {
  readonly clusterfile: Clusterfile;
  /** Path of the administrator's kubeconfig, which is masked; undefined for a dry run. */
  readonly kubeconfigFile: string | undefined;
}

/**
 * Opens the way to the hosts; disposing closes the connections and removes keys.
 * @param command for locks and journals
 */
export async function openHostRun(
  inputs: RunInputs,
  { session, workflow, signal, command }: HostRunSetting,
): Promise<HostRun> {
  await using stack = new AsyncDisposableStack();
  const { env } = workflow;
  const { ssh } = inputs;
  const key = ssh.key === undefined ? undefined : stack.use(await placeFile(ssh.key, workflow.temporary)).file;
  const known =
    ssh.knownHosts === undefined ? [] : [stack.use(await placeFile(ssh.knownHosts, workflow.temporary)).file];
  const { clusterfile, clusterHost, name, dataRoot, masters, nodes, apps, provider, hostImage } = inputs;
  const flags = {
    ...{ user: ssh.user, port: ssh.port, key, jump: ssh.jump, fingerprint: ssh.fingerprints },
    ...(known.length === 0 ? {} : { knownHosts: known }),
    ...{ parallel: inputs.parallel, logDir: join(workflow.temporary, 'sealer-logs') },
    ...{ clusterfile, clusterHost, name, dataRoot, masters, nodes, env: inputs.env, apps, provider, hostImage },
    dryRun: inputs.dryRun || inputs.command === 'plan',
  };
  const secrets = { password: ssh.password, passphrase: ssh.passphrase, sudoPassword: ssh.sudoPassword };
  const opened = stack.use(await openHosts(session, flags, { env, signal, now: Date.now }, command));
  const { world, engine } = opened;
  const context = { env };
  const target = () => readTarget(context, flags, { secrets, report: world.report, engine });
  const confirm = async () => {};
  const kept = stack.move();
  return {
    world,
    login: { user: ssh.user, port: ssh.port, key, sshJump: ssh.jump, ...secrets },
    async remove() {
      if (engine !== undefined) {
        return await removeContainers(context, flags, opened, await engine(), { secrets, confirm });
      }
      await using there = await openKnownCluster(await target(), world);
      const lock = { waitMs: inputs.lockTimeoutMs, force: false };
      return await deleteCluster(there, { dryRun: inputs.dryRun, lock, confirm }, world);
    },
    async apply() {
      await using made =
        clusterHost === undefined
          ? await readOrMake(context, flags, opened, { secrets, image: inputs.image })
          : undefined;
      const wanted = made?.clusterfile ?? (await remembered(inputs, await target(), world, env));
      if (inputs.command === 'upgrade' && inputs.image === undefined) {
        throw new SealerError('USAGE', 'The input command is "upgrade", and there is no image to go to', {
          hint: 'Set image.',
        });
      }
      const changed = await change(inputs, wanted, world);
      if (!flags.dryRun) await made?.settle();
      const { kubeconfig } = changed;
      if (kubeconfig === undefined) return { ...changed, clusterfile: wanted, kubeconfigFile: undefined };
      const file = join(workflow.temporary, `kubeconfig-${wanted.cluster.name}`);
      maskKubeconfig(kubeconfig);
      await writeKubeconfig(file, kubeconfig);
      return { ...changed, clusterfile: wanted, kubeconfigFile: file };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export interface HostRunSetting {
  readonly session: Session;
  readonly workflow: Workflow;
  readonly signal: AbortSignal;
  readonly command: string;
}

/** Tells what was planned and done: summary, log, outputs. */
export async function tellRun(
  { plan, changed }: Pick<Changed, 'plan' | 'changed'>,
  inputs: RunInputs,
  env: NodeJS.ProcessEnv,
  shown: RunSummaryOptions,
): Promise<void> {
  if (inputs.summary && env.GITHUB_STEP_SUMMARY) await summary.addRaw(runSummary(plan, changed, shown)).write();
  info(withoutCommands(describePlan(plan)));
  setOutput('plan', JSON.stringify(outputOf(plan)));
  setOutput('changed', String(changed));
}

/** The cluster as it is wanted. */
export function pictureOf(clusterfile: Clusterfile, { runtime, image }: Plan): PicturedCluster {
  const { masters } = rolesOf(clusterfile, undefined);
  return picturedCluster(clusterfile.cluster, {
    ...{ masters, registryHosts: registryHostsOf(clusterfile, masters, undefined) },
    runtime: [runtime, image.kubeVersion ?? ''].join(' ').trim(),
    image: image.name,
  });
}

/** What a cluster that is there remembers, with another image where one is wanted. */
async function remembered(
  { image }: RunInputs,
  target: Awaited<ReturnType<typeof readTarget>>,
  world: ClusterWorld,
  env: NodeJS.ProcessEnv,
): Promise<Clusterfile> {
  await using there = await openKnownCluster({ ...target, secretsFrom: env }, world);
  const { cluster } = there.clusterfile;
  return { ...there.clusterfile, cluster: { ...cluster, image: image ?? cluster.image } };
}

async function change(inputs: RunInputs, clusterfile: Clusterfile, world: ClusterWorld): Promise<Changed> {
  const { timeoutMs, waits, pull } = inputs;
  const trust = await readTrust(inputs.trust);
  return await changeCluster(
    {
      ...{ clusterfile, waits, timeoutMs, checks: !inputs.skipChecks },
      image: (arch) => runnableImage(world, clusterfile.cluster.image, arch, { pull, trust }),
      dryRun: inputs.dryRun || inputs.command === 'plan',
      lock: { waitMs: inputs.lockTimeoutMs, force: false },
      confirm: async () => {},
    },
    world,
  );
}

function maskKubeconfig(kubeconfig: string): void {
  const { client, token } = parseKubeconfig(kubeconfig);
  for (const secret of [token, client?.key]) {
    for (const line of secret?.split('\n') ?? []) if (line.length > 3) setSecret(line);
  }
}

/** An output has 1 MB at most: what thousands of hosts make of a plan does not fit. */
function outputOf(plan: Plan): Plan {
  const MAX_HOSTS = 100;
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, hosts: step.hosts.slice(0, MAX_HOSTS) })) };
}

/** The action that runs cluster images on hosts. */

import { join } from 'node:path';
import { getInput, info, setOutput, setSecret, summary } from '@actions/core';
import {
  describePlan,
  openHosts,
  readOrMake,
  readTarget,
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
import { type RunInputs, readRunInputs } from './run-inputs.ts';
import { maskLogins, maskSsh, placeFile } from './secrets.ts';
import { openSession } from './session.ts';
import { type PicturedCluster, picturedCluster, type RunSummaryOptions, runSummary } from './summary/index.ts';
import { guardSecrets, readWorkflow } from './workflow.ts';

/** Inputs whose white space at the ends belongs to them. */
const AS_THEY_ARE = new Set(['ssh-key', 'ssh-passphrase', 'ssh-password', 'sudo-password']);

/**
 * Does what the inputs ask for and sets the outputs. A removal needs no confirmation: whoever writes `command: delete`, or
 * changes a Clusterfile in a reviewed commit, has decided; a fork's code gets no credentials at all.
 * @throws SealerError of any kind; nothing is set then
 */
export async function runClusterAction(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const inputs = readRunInputs((name) => getInput(name, { trimWhitespace: !AS_THEY_ARE.has(name) }));
  maskSsh(inputs.ssh, setSecret);
  maskLogins(inputs, setSecret);
  const workflow = await readWorkflow(env);
  if (!inputs.allowUnsafeFork) await guardSecrets(workflow, []);

  await using stack = new AsyncDisposableStack();
  const session = stack.use(await openSession(inputs, env, signal));
  const { ssh } = inputs;
  const key = ssh.key === undefined ? undefined : stack.use(await placeFile(ssh.key, workflow.temporary)).file;
  const known =
    ssh.knownHosts === undefined ? [] : [stack.use(await placeFile(ssh.knownHosts, workflow.temporary)).file];
  const flags = {
    ...{ user: ssh.user, port: ssh.port, key, jump: ssh.jump, fingerprint: ssh.fingerprints },
    ...(known.length === 0 ? {} : { knownHosts: known }),
    ...{ parallel: inputs.parallel, logDir: join(workflow.temporary, 'sealer-logs') },
    ...{
      clusterfile: inputs.clusterfile,
      clusterHost: inputs.clusterHost,
      name: inputs.name,
      dataRoot: inputs.dataRoot,
    },
    ...{ masters: inputs.masters, nodes: inputs.nodes, env: inputs.env, apps: inputs.apps },
    ...{ provider: inputs.provider, hostImage: inputs.hostImage },
    dryRun: inputs.dryRun || inputs.command === 'plan',
  };
  const secrets = { password: ssh.password, passphrase: ssh.passphrase, sudoPassword: ssh.sudoPassword };
  const command = `actions/run ${inputs.command}`;
  const opened = stack.use(await openHosts(session, flags, { env, signal, now: Date.now }, command));
  const { world, engine } = opened;
  const context = { env };
  const target = () => readTarget(context, flags, { secrets, report: world.report, engine });
  if (inputs.command === 'delete') {
    if (engine !== undefined) {
      const confirm = async () => {};
      const plan = await removeContainers(context, flags, opened, await engine(), { secrets, confirm });
      return await tell({ plan, changed: !inputs.dryRun, sent: 0, times: [] }, inputs, env, undefined, {
        timeline: session.timeline(),
      });
    }
    await using there = await openKnownCluster(await target(), world);
    const lock = { waitMs: inputs.lockTimeoutMs, force: false };
    const plan = await deleteCluster(there, { dryRun: inputs.dryRun, lock, confirm: async () => {} }, world);
    return await tell({ plan, changed: !inputs.dryRun, sent: 0, times: [] }, inputs, env, undefined, {
      timeline: session.timeline(),
    });
  }
  const made =
    inputs.clusterHost === undefined
      ? stack.use(await readOrMake(context, flags, opened, { secrets, image: inputs.image }))
      : undefined;
  const clusterfile = await (async (): Promise<Clusterfile> => {
    if (made !== undefined) return made.clusterfile;
    await using there = await openKnownCluster({ ...(await target()), secretsFrom: env }, world);
    const { cluster } = there.clusterfile;
    return { ...there.clusterfile, cluster: { ...cluster, image: inputs.image ?? cluster.image } };
  })();
  if (inputs.command === 'upgrade' && inputs.image === undefined) {
    throw new SealerError('USAGE', 'The input command is "upgrade", and there is no image to go to', {
      hint: 'Set image.',
    });
  }
  const changed = await change(inputs, clusterfile, world);
  if (!flags.dryRun) await made?.settle();
  const file = join(workflow.temporary, `kubeconfig-${clusterfile.cluster.name}`);
  const timeline = session.timeline();
  await tell(changed, inputs, env, file, { timeline, cluster: pictureOf(clusterfile, changed.plan) });
}

/** The cluster as it is wanted. */
function pictureOf(clusterfile: Clusterfile, { runtime, image }: Plan): PicturedCluster {
  const { masters } = rolesOf(clusterfile, undefined);
  return picturedCluster(clusterfile.cluster, {
    ...{ masters, registryHosts: registryHostsOf(clusterfile, masters, undefined) },
    runtime: [runtime, image.kubeVersion ?? ''].join(' ').trim(),
    image: image.name,
  });
}

async function change(inputs: RunInputs, clusterfile: Clusterfile, world: ClusterWorld): Promise<Changed> {
  const { timeoutMs, waits, pull } = inputs;
  return await changeCluster(
    {
      ...{ clusterfile, waits, timeoutMs, checks: !inputs.skipChecks },
      image: (arch) => runnableImage(world, clusterfile.cluster.image, arch, { pull }),
      dryRun: inputs.dryRun || inputs.command === 'plan',
      lock: { waitMs: inputs.lockTimeoutMs, force: false },
      confirm: async () => {},
    },
    world,
  );
}

async function tell(
  { plan, changed, kubeconfig }: Changed,
  inputs: RunInputs,
  env: NodeJS.ProcessEnv,
  file: string | undefined,
  shown: RunSummaryOptions,
): Promise<void> {
  if (inputs.summary && env.GITHUB_STEP_SUMMARY) await summary.addRaw(runSummary(plan, changed, shown)).write();
  info(describePlan(plan));
  if (kubeconfig !== undefined && file !== undefined) {
    maskKubeconfig(kubeconfig);
    await writeKubeconfig(file, kubeconfig);
    setOutput('kubeconfig', file);
    setOutput('url', parseKubeconfig(kubeconfig).server);
  }
  setOutput('plan', JSON.stringify(outputOf(plan)));
  setOutput('changed', String(changed));
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

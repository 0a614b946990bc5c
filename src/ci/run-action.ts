/** The action that runs cluster images on hosts. */

import { getInput, setOutput, setSecret } from '@actions/core';
import { parseKubeconfig } from '../kubernetes/index.ts';
import { openHostRun, pictureOf, tellRun } from './host-run.ts';
import { readRunInputs } from './inputs/index.ts';
import { previewAction } from './preview-action.ts';
import { maskLogins, maskSsh } from './secrets.ts';
import { openSession } from './session.ts';
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
  if (inputs.preview.token !== '') setSecret(inputs.preview.token);
  const workflow = await readWorkflow(env);
  if (!inputs.allowUnsafeFork)
    await guardSecrets(
      workflow,
      [inputs.preview.context].filter((each) => each !== undefined),
    );

  await using session = await openSession(inputs, env, signal);
  if (inputs.preview.mode !== 'off') return await previewAction(inputs, { session, workflow, signal });
  const command = `actions/run ${inputs.command}`;
  await using run = await openHostRun(inputs, { session, workflow, signal, command });
  if (inputs.command === 'delete') {
    const plan = await run.remove();
    return await tellRun({ plan, changed: !inputs.dryRun }, inputs, env, { timeline: session.timeline() });
  }
  const applied = await run.apply();
  const cluster = pictureOf(applied.clusterfile, applied.plan);
  await tellRun(applied, inputs, env, { timeline: session.timeline(), cluster });
  if (applied.kubeconfig === undefined) return;
  setOutput('kubeconfig', applied.kubeconfigFile);
  setOutput('url', parseKubeconfig(applied.kubeconfig).server);
}

/** The action that pushes. */

import { getInput, info, setOutput, setSecret, summary } from '@actions/core';
import { attestImage, type Signer } from '../attest/index.ts';
import { completeNames, describeAttestations, findImage, ownName, signRemote, VERSION } from '../cli/index.ts';
import { SealerError } from '../error.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import { createIndex, pushImage } from '../registry/client/index.ts';
import { maskSigning, type PushInputs, readPushInputs, SIGNING_SECRETS, signerOf } from './inputs/index.ts';
import { maskLogins } from './secrets.ts';
import { openSession } from './session.ts';
import { type PushedName, pushSummary } from './summary/index.ts';
import { guardSecrets, readWorkflow } from './workflow.ts';

/**
 * Pushes an image of the store under every tag, and sets the outputs.
 * @throws SealerError of any kind
 */
export async function pushAction(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const inputs = readPushInputs((name) => getInput(name, { trimWhitespace: !SIGNING_SECRETS.has(name) }));
  maskLogins(inputs, setSecret);
  maskSigning(inputs.attest, setSecret);
  if (!inputs.allowUnsafeFork) await guardSecrets(await readWorkflow(env), []);
  const signer = await signerOf(inputs.attest, env);
  if (inputs.digests.length > 0) {
    await joinPlatforms(inputs, env, signer, signal);
    return;
  }
  const source = inputs.image || inputs.tags[0];
  if (source === undefined) {
    throw new SealerError('USAGE', 'There is nothing to push: neither image nor tags are set', {
      hint: 'Set tags: registry/name:tag, the names under which the image was built.',
    });
  }

  await using session = await openSession(inputs, env, signal);
  const { client, store, report } = session;
  const found = await findImage(store, source);
  const { descriptor } = found;
  const targets = inputs.tags.length === 0 ? [ownName(found)] : completeNames(inputs.tags);
  const { sbom } = inputs.attest;
  if (sbom || signer !== undefined) {
    info(describeAttestations(await attestImage(store, descriptor, { sbom, signer, version: VERSION, signal })));
  }
  const pushed: PushedName[] = [];
  for (const target of targets) {
    report({ type: 'phase', title: `Pushing ${target}` });
    const { digest, moved, mounted, reused } = await pushImage(client, store, descriptor, parseReference(target), {
      report,
      signal,
    });
    pushed.push({ name: target, digest, movedBytes: moved, skippedBytes: mounted + reused });
  }
  setOutputs(pushed, descriptor.digest);
  if (inputs.summary && env.GITHUB_STEP_SUMMARY) await summary.addRaw(pushSummary(pushed, session.timeline())).write();
  info(pushed.map((each) => `${each.name}@${each.digest}`).join('\n'));
}

/** What several jobs pushed by digest becomes one image, in the registry: nothing of it comes here. */
async function joinPlatforms(
  inputs: PushInputs,
  env: NodeJS.ProcessEnv,
  signer: Signer | undefined,
  signal: AbortSignal,
): Promise<void> {
  const sources = inputs.digests.map(parseReference);
  const targets = completeNames(inputs.tags).map(parseReference);
  const isWhole = sources.every((each) => each.digest !== undefined) && targets.length > 0 && inputs.image === '';
  if (!isWhole) {
    throw new SealerError('USAGE', 'The input digests wants names with digests, tags beside it, and no image', {
      hint: 'Write registry/name@sha256:… on each line: what a push by digest has as its output refs.',
    });
  }
  await using session = await openSession(inputs, env, signal);
  const index = await createIndex(session.client, { sources, targets, signal });
  if (signer !== undefined) await signRemote(session, index, targets, { signer, signal });
  const { digest, size } = index;
  const pushed = targets.map((name) => {
    return { name: formatReference(name), digest, movedBytes: size, skippedBytes: 0 };
  });
  setOutputs(pushed, digest);
  if (inputs.summary && env.GITHUB_STEP_SUMMARY) await summary.addRaw(pushSummary(pushed, session.timeline())).write();
  info(pushed.map((each) => `${each.name}@${each.digest}`).join('\n'));
}

function setOutputs(pushed: readonly PushedName[], digest: string): void {
  const refs = pushed.map((each) => {
    const { registry, repository } = parseReference(each.name);
    return `${formatReference({ registry, repository })}@${each.digest}`;
  });
  setOutput('digest', digest);
  setOutput('tags', pushed.map(({ name }) => name).join('\n'));
  setOutput('refs', [...new Set(refs)].join('\n'));
  setOutput('moved-bytes', sum(pushed.map(({ movedBytes }) => movedBytes)));
  setOutput('skipped-bytes', sum(pushed.map(({ skippedBytes }) => skippedBytes)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

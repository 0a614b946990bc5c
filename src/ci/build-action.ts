/** The action that builds. */

import { getInput, info, notice, setOutput, setSecret, summary } from '@actions/core';
import { type BuildOptions, type BuildResult, build, type SecretSource } from '../build/index.ts';
import {
  attestBuild,
  buildMetadata,
  completeNames,
  describeAttestations,
  describeVerification,
  lintContext,
  readBuildArgs,
  VERSION,
  verificationError,
} from '../cli/index.ts';
import { SealerError } from '../error.ts';
import { parsePlatform } from '../oci/platform.ts';
import { verifyImage } from '../rehearsal/index.ts';
import { openCache } from './cache/index.ts';
import { withoutCommands } from './groups.ts';
import { type BuildInputs, maskSigning, readBuildInputs, SIGNING_SECRETS, signerOf } from './inputs/index.ts';
import { annotate } from './result.ts';
import { maskSecrets, placeSecrets } from './secrets.ts';
import { openSession } from './session.ts';
import { buildSummary } from './summary/index.ts';
import { guardSecrets, readWorkflow } from './workflow.ts';

/**
 * Builds what the inputs ask for and sets the outputs.
 * @throws SealerError of any kind; nothing is set then
 */
export async function buildAction(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  // Secrets may have white space at their ends; the readers of all other inputs trim by themselves.
  const inputs = readBuildInputs((name) =>
    getInput(name, { trimWhitespace: name !== 'secrets' && !SIGNING_SECRETS.has(name) }),
  );
  maskSecrets(inputs, env, setSecret);
  maskSigning(inputs.attest, setSecret);
  const workflow = await readWorkflow(env);
  if (usesSecrets(inputs) && !inputs.allowUnsafeFork) await guardSecrets(workflow, [inputs.context]);
  if (inputs.push && inputs.tags.length === 0) {
    throw new SealerError('USAGE', 'The input push is true, but there are no tags to push to', {
      hint: 'Set tags: registry/name:tag.',
    });
  }
  await lint(inputs);
  const signer = await signerOf(inputs.attest, env);

  await using session = await openSession(inputs, env, signal);
  await using cache = await openCache(session.store, inputs, workflow);
  await using secrets = await placeSecrets(inputs, workflow.temporary);
  const { store, client, report } = session;
  const options = toBuildOptions(inputs, secrets.sources, env);
  const result = await build(options, {
    store,
    client,
    env,
    report,
    signal,
    version: VERSION,
  });
  annotate(result.problems.map((problem) => ({ ...problem, severity: problem.severity ?? 'warning' })));
  await cache.save();
  const verification = inputs.verify
    ? await verifyImage(result.descriptor, inputs.cluster, { store, client, env, report, signal })
    : undefined;
  if (inputs.summary && env.GITHUB_STEP_SUMMARY) {
    await summary.addRaw(buildSummary(result, { verification, timeline: session.timeline() })).write();
  }
  if (verification !== undefined) {
    info(withoutCommands(describeVerification(verification)));
    // No outputs: what does not run offline is not to be pushed by the steps that follow.
    if (!verification.ok) throw verificationError(verification);
  }
  const { sbom, provenance } = inputs.attest;
  const attestations = await attestBuild(store, result, options, { sbom, provenance, signer, env, signal });
  if (attestations.length > 0) info(describeAttestations(attestations));
  setOutputs(result, store.root);
  info(`${result.tags.join('\n')}\n${result.digest}`.trim());
}

function usesSecrets({ push, attest, registryAuth, secrets, secretEnvs, secretFiles }: BuildInputs): boolean {
  return (
    push ||
    attest.sign ||
    [registryAuth, ...[secrets, secretEnvs, secretFiles].map(Object.keys)].some((each) => each.length > 0)
  );
}

/** Problems become annotations before any work; whether they stop it is for the input to say. */
async function lint({ lint: mode, context, file, target }: BuildInputs): Promise<void> {
  if (mode === 'off') return;
  const { problems } = await lintContext(context, { file, target });
  const isError = problems.some(({ severity }) => severity !== 'warning');
  if (mode === 'warn' || !isError) {
    annotate(problems.map((problem) => ({ ...problem, severity: 'warning' })));
    if (isError) notice('Lint found errors; the input lint is "warn", so the build goes on.');
    return;
  }
  throw new SealerError('KUBEFILE_INVALID', `${file} has problems; each is annotated on its line`, { problems });
}

/** What the inputs mean to the build. */
export function toBuildOptions(
  inputs: BuildInputs,
  secrets: readonly SecretSource[],
  env: NodeJS.ProcessEnv,
): BuildOptions {
  const { context, file, labels, annotations, noCache, pull, baseRegistry, target, saveImages, type, compression } =
    inputs;
  return {
    ...{
      context,
      file,
      labels,
      annotations,
      noCache,
      pull,
      baseRegistry,
      target,
      saveImages,
      type,
      compression,
      secrets,
    },
    tags: completeNames(inputs.tags),
    platforms: inputs.platforms.map(parsePlatform),
    buildArgs: readBuildArgs(inputs.buildArgs, env),
    imageLists: inputs.imageLists,
    ignoredImageLists: inputs.ignoredImageLists,
    ...{ lock: inputs.lock, offline: inputs.offline, record: inputs.record, cluster: inputs.cluster },
    imageArchives: inputs.imageArchives,
    imageSources: inputs.imageSources,
  };
}

function setOutputs(result: BuildResult, storeFolder: string): void {
  setOutput('digest', result.digest);
  setOutput('imageid', result.imageId);
  setOutput('metadata', JSON.stringify(buildMetadata(result)));
  setOutput('oci-path', storeFolder);
  setOutput('reused-bytes', result.reusedBytes);
}

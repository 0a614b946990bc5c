/** `sealer build` */

import { Command } from 'commander';
import type { BuildResult } from '../../build/index.ts';
import { SealerError } from '../../error.ts';
import { familiarReference, parseReference } from '../../oci/reference.ts';
import type { Verification } from '../../rehearsal/index.ts';
import { attestBuild } from '../attest-build.ts';
import { type BuildFlags, toBuildOptions, withBuildFlags } from '../build-flags.ts';
import { toClusterOptions, withCluster } from '../cluster-flags.ts';
import type { CliContext } from '../context.ts';
import { describeAttestations } from '../describe-attestations.ts';
import { describeProblem } from '../describe-error.ts';
import {
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { buildMetadata } from '../metadata.ts';
import { printResult } from '../print.ts';
import { formatBytes, formatCount, formatDuration } from '../progress/index.ts';
import { openSession, type Session } from '../session.ts';
import { openSigner, SIGN_HELP } from '../signing.ts';
import { writeText } from '../user-files.ts';
import { VERSION } from '../version.ts';

interface Flags extends BuildFlags, OutputFlags, RegistryFlags, StoreFlags {
  readonly iidfile?: string | undefined;
  readonly metadataFile?: string | undefined;
  readonly push?: boolean | undefined;
  readonly verify?: boolean | undefined;
  readonly sbom?: boolean | undefined;
  readonly provenance?: boolean | undefined;
  readonly sign?: string | true | undefined;
}

const EXAMPLES = `
Examples:
  sealer build -t registry.example.com/shop:v1 .
  sealer build -t shop:v1 --platform linux/amd64,linux/arm64 --build-arg VERSION=1.4 deploy
  sealer build -t registry.example.com/shop:v1 --push --secret id=token,env=TOKEN .
  sealer build -t registry.example.com/shop:v1 --push --sbom --provenance --sign=cosign.key .

Container images are found in all Kubernetes manifests of the image and in imageList files. One that cannot be fetched fails the build.`;

/** Declares `sealer build`. */
export function buildCommand(context: CliContext): Command {
  const command = withBuildFlags(new Command('build'))
    .option('--record', 'run the launch on a temporary cluster, and put in every image that it pulls')
    .option('--verify', 'prove that the image runs offline, before it is pushed')
    .option('--sbom', 'attach a list of what is inside, for each platform (SPDX)')
    .option('--provenance', 'attach how, where and from what it was built (SLSA)')
    .option('--sign [key]', SIGN_HELP)
    .option('--push', 'push every name once it is built')
    .option('--iidfile <file>', 'write the image ID to a file')
    .option('--metadata-file <file>', 'write digests, names and what is inside to a file, as JSON');
  return withStore(withRegistry(withProgress(withCluster(command))))
    .description(
      'Build a cluster image from a Kubefile and a folder, with every container image that its manifests name.',
    )
    .argument('[context]', 'the folder that COPY, ADD and APP read from', '.')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, flags: Flags) => {
      const options = toBuildOptions(folder, flags, context.env);
      if (flags.push === true && options.tags.length === 0) {
        throw new SealerError('USAGE', '--push needs a name to push to', { hint: 'Add -t registry/name:tag.' });
      }
      const { build } = await import('../../build/index.ts');
      const signer = flags.sign === undefined ? undefined : await openSigner(context.env, { sign: flags.sign });
      const started = context.now();
      const { result, proof, attestations, pushedBytes } = await (async () => {
        await using session = await openSession(context, flags);
        const { store, client, report } = session;
        const { env, signal } = context;
        const result = await build(options, { store, client, env, report, signal, version: VERSION });
        const proof = flags.verify === true ? await prove(context, session, result, flags) : undefined;
        const wanted = { sbom: flags.sbom === true, provenance: flags.provenance === true, signer, env, signal };
        const attestations = await attestBuild(store, result, options, wanted);
        return {
          result,
          proof,
          attestations,
          pushedBytes: flags.push === true ? await pushAll(session, result, signal) : 0,
        };
      })();
      if (flags.iidfile !== undefined) await writeText(flags.iidfile, result.imageId);
      if (flags.metadataFile !== undefined) {
        await writeText(flags.metadataFile, `${JSON.stringify(buildMetadata(result), undefined, 2)}\n`);
      }
      if (flags.json !== true && flags.quiet !== true) context.stderr.write(remarks(result));
      const pushed = flags.push === true ? { pushedBytes } : {};
      const verified = proof === undefined ? {} : { verification: proof.verification };
      printResult(context, flags, { ...result, attestations, ...pushed, ...verified }, () => {
        if (flags.quiet === true) return result.digest;
        const attached = attestations.length === 0 ? [] : [describeAttestations(attestations)];
        return [
          summary(result, context.now() - started),
          ...attached,
          ...(proof === undefined ? [] : [proof.text]),
        ].join('\n');
      });
    });
}

/** Its code is loaded only where it is asked for. */
async function prove(
  { env, signal, stderr }: CliContext,
  session: Session,
  { descriptor }: BuildResult,
  flags: Flags,
): Promise<{ readonly verification: Verification; readonly text: string }> {
  const { verifyImage } = await import('../../rehearsal/index.ts');
  const { describeVerification, verificationError } = await import('../describe-verification.ts');
  const verification = await verifyImage(descriptor, toClusterOptions(flags), { env, signal, ...session });
  const text = describeVerification(verification);
  if (verification.ok) return { verification, text };
  stderr.write(`${text}\n`);
  throw verificationError(verification);
}

async function pushAll({ client, store, report }: Session, result: BuildResult, signal: AbortSignal): Promise<number> {
  const { pushImage } = await import('../../registry/client/index.ts');
  let moved = 0;
  for (const tag of result.tags) {
    moved += (await pushImage(client, store, result.descriptor, parseReference(tag), { report, signal })).moved;
  }
  return moved;
}

/** Warnings in full; of guesses that came to nothing only how many there were. */
function remarks({ problems }: BuildResult): string {
  const notices = problems.filter(({ severity }) => severity === 'notice').length;
  const warnings = problems.filter(({ severity }) => severity !== 'notice');
  const lines = warnings.flatMap((problem) => describeProblem({ ...problem, severity: 'warning' }));
  const more = `${formatCount(notices, 'text')} looked like an image and ${notices === 1 ? 'is' : 'are'} none; sealer images discover shows them`;
  return [...lines, ...(notices === 0 ? [] : [more])].map((line) => `${line}\n`).join('');
}

function summary({ tags, digest, platforms, reusedBytes, fetchedBytes }: BuildResult, elapsed: number): string {
  const images = new Set(platforms.flatMap((each) => each.images.map(({ reference }) => reference)));
  const names = tags.map((tag) => familiarReference(parseReference(tag)));
  return [
    `built ${names.length === 0 ? 'an image without a name' : names.join(', ')} in ${formatDuration(elapsed)}`,
    digest,
    `${formatCount(images.size, 'container image')} inside; ${formatBytes(fetchedBytes)} fetched, ${formatBytes(reusedBytes)} reused`,
  ].join('\n');
}

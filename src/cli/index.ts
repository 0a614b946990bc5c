/** What the actions share with the command line, so that both do and say the same. */

export { annotationLine } from './annotations.ts';
export { attestBuild } from './attest-build.ts';
export {
  COMPRESSIONS,
  completeNames,
  DEFAULT_CLUSTER,
  ENGINES,
  IMAGE_TYPES,
  LOCK_MODES,
  PULL_POLICIES,
  readBuildArgs,
  readDuration,
} from './build-values.ts';
export { runnableImage } from './clusters/cluster-image.ts';
export { readTarget } from './clusters/cluster-input.ts';
export { describePlan } from './clusters/describe-plan.ts';
export { writeKubeconfig } from './clusters/kubeconfig-file.ts';
export { readOrMake } from './clusters/made-clusterfile.ts';
export { openHosts } from './clusters/open-world.ts';
export { removeContainers } from './clusters/remove-containers.ts';
export { describeAttestations } from './describe-attestations.ts';
export { describeError, toSealerError } from './describe-error.ts';
export { describeVerification, verificationError } from './describe-verification.ts';
export { findImage, ownName } from './find-image.ts';
export { lintContext } from './lint-context.ts';
export { buildMetadata } from './metadata.ts';
export { formatBytes, formatCount, formatDuration, logReporter, type Reporter } from './progress/index.ts';
export { signRemote } from './sign-remote.ts';
export { openSigner } from './signing.ts';
export { readTrust, type TrustFlags } from './trust-flags.ts';
export { VERSION } from './version.ts';

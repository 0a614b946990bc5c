/**
 * The one error type that users meet, and the table of everything that can go wrong.
 *
 * A `SealerError` is something a person can act on: it has a code to search for, a hint that names the fix and, where
 * there is one, the place. Anything else that is thrown is a bug of ours and is reported as one.
 */

/** A place in a file that the user wrote. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Exit codes: 1 = the user can mend it, 2 = wrong usage, 3 = a fault outside (network, host), 70 = our own bug. */
export type ExitCode = 1 | 2 | 3 | 70;

/** Every error code, with its exit code and what it means. The README's table is this one; a test compares them. */
export const ERROR_CODES = {
  // command line
  USAGE: { exit: 2, means: 'The command line has an unknown, missing or malformed argument.' },
  UNSAFE_FORK: { exit: 1, means: 'A workflow with secrets would work on the code of a fork.' },
  INTERRUPTED: { exit: 1, means: 'The work was interrupted (Ctrl-C or a signal); running it again goes on.' },
  INTERNAL: { exit: 70, means: 'A bug in sealer itself.' },
  // Kubefile
  KUBEFILE_NOT_FOUND: { exit: 1, means: 'There is no Kubefile at the given place.' },
  KUBEFILE_INVALID: { exit: 1, means: 'The Kubefile has problems; each is listed with its own code and place.' },
  UNKNOWN_INSTRUCTION: { exit: 1, means: 'A line starts with a keyword that is not an instruction.' },
  UNKNOWN_FLAG: { exit: 1, means: 'An instruction has a flag that it does not take.' },
  BAD_FLAG: { exit: 1, means: 'A flag of an instruction has a value that it cannot have.' },
  BAD_ARGUMENTS: { exit: 1, means: 'An instruction has too few, too many or malformed arguments.' },
  BAD_JSON: { exit: 1, means: 'An exec form or list is not valid JSON (often a missing bracket or single quotes).' },
  BAD_VARIABLE: { exit: 1, means: 'A ${variable} is malformed.' },
  BAD_QUOTES: { exit: 1, means: 'A quote is opened and not closed.' },
  BAD_HEREDOC: { exit: 1, means: 'A heredoc has no end.' },
  BAD_DIRECTIVE: { exit: 1, means: 'A parser directive (# escape=) has a value that it cannot have.' },
  MISSING_FROM: { exit: 1, means: 'An instruction stands before the first FROM, or there is no FROM at all.' },
  UNKNOWN_STAGE: { exit: 1, means: '--from or --target names a stage that does not exist.' },
  DUPLICATE_STAGE: { exit: 1, means: 'Two stages have the same name.' },
  UNKNOWN_APP: { exit: 1, means: 'LAUNCH, APPENV or APPCMDS names an app that no APP, CNI or CSI declares.' },
  DUPLICATE_APP: { exit: 1, means: 'An app is declared twice.' },
  DUPLICATE_INSTRUCTION: { exit: 1, means: 'An instruction that may stand once stands twice.' },
  LAUNCH_CONFLICT: { exit: 1, means: 'LAUNCH and CMDS or CMD exclude each other.' },
  BAD_NAME: { exit: 1, means: 'A name (stage, app, variable, label) has characters that it cannot have.' },
  BAD_CONSTRAINT: { exit: 1, means: 'KUBEVERSION is not a version constraint.' },
  LAUNCH_NOT_LAST: { exit: 1, means: 'Warning: LAUNCH or CMDS is not the last instruction of its stage.' },
  UNPINNED_BASE: {
    exit: 1,
    means: 'Warning: a base image has no tag, or the tag latest, so it changes without notice.',
  },
  SECRET_IN_IMAGE: { exit: 1, means: 'Warning: a variable looks like a secret, and the image would keep its value.' },
  BAD_PLATFORM: { exit: 1, means: 'A platform is not os/arch[/variant].' },
  // names and formats
  INVALID_DIGEST: { exit: 1, means: 'A digest is malformed or uses an unknown algorithm.' },
  INVALID_REFERENCE: { exit: 1, means: 'An image reference is malformed.' },
  INVALID_MANIFEST: { exit: 1, means: 'A manifest, index or config is not what the OCI image-spec allows.' },
  // content
  DIGEST_MISMATCH: { exit: 1, means: 'Content is not what its digest says: truncated, altered, or a registry lies.' },
  SIZE_MISMATCH: { exit: 1, means: 'Content is longer or shorter than its descriptor says.' },
  UNSAFE_ARCHIVE: { exit: 1, means: 'An archive tries to write outside its folder, or holds devices or the like.' },
  ARCHIVE_TOO_LARGE: { exit: 1, means: 'An archive unpacks to more than its limits allow (a bomb).' },
  CORRUPT_ARCHIVE: { exit: 1, means: 'An archive is damaged, truncated or of an unknown kind.' },
  CANNOT_PACK: { exit: 1, means: 'A file cannot be in a layer: a socket, a device, or a name that layers reserve.' },
  SOURCE_CHANGED: { exit: 1, means: 'A file changed while it was being packed.' },
  // signatures
  SIGNATURE_MISSING: { exit: 1, means: 'Nobody has signed the image that a name means now.' },
  SIGNATURE_INVALID: {
    exit: 1,
    means: 'A signature is by another key or identity, for another image, or was altered.',
  },
  SIGNING_KEY_INVALID: { exit: 1, means: 'A key to sign or verify with cannot be read, or its passphrase is wrong.' },
  SIGNING_FAILED: { exit: 3, means: 'A service that signing without a key needs refuses, or does not answer.' },
  ID_TOKEN_MISSING: { exit: 1, means: 'Nothing proves who signs: no key, and no permission id-token: write.' },
  TRUSTED_ROOT_INVALID: { exit: 1, means: 'A trusted root of sigstore cannot be read or fetched.' },
  // store
  STORE_INVALID: { exit: 1, means: 'The store is not an OCI image layout, or of a later version.' },
  IMAGE_NOT_FOUND: { exit: 1, means: 'An image is neither in the store nor in its registry.' },
  IMAGE_IN_USE: { exit: 1, means: 'An ID or digest to remove belongs to several names.' },
  DISK_FULL: { exit: 3, means: 'No space is left on the disk of the store.' },
  PERMISSION: { exit: 1, means: 'A file or folder cannot be read or written.' },
  // registry
  UNAUTHORIZED: { exit: 1, means: 'A registry refuses the credentials, or needs some.' },
  DENIED: { exit: 1, means: 'The credentials are right but do not allow this.' },
  CREDENTIALS_INVALID: { exit: 1, means: 'A credentials file or credential helper is broken.' },
  RATE_LIMITED: { exit: 3, means: 'A registry asks to come back later (429), longer than we wait.' },
  REGISTRY_UNREACHABLE: { exit: 3, means: 'A registry cannot be reached.' },
  REGISTRY_ERROR: { exit: 3, means: 'A registry answers with an error or with what the distribution-spec forbids.' },
  INSECURE_REGISTRY: { exit: 1, means: 'A registry speaks plain http, or has a certificate nobody vouches for.' },
  UNSAFE_REDIRECT: { exit: 3, means: 'A registry redirects to where we do not follow.' },
  ADDRESS_IN_USE: { exit: 1, means: 'The address to listen on is taken.' },
  // build
  CONTEXT_NOT_FOUND: { exit: 1, means: 'The build context is not a folder.' },
  SOURCE_NOT_FOUND: { exit: 1, means: 'A source of COPY, ADD or APP does not exist (or is ignored).' },
  SOURCE_OUTSIDE_CONTEXT: { exit: 1, means: 'A source leads outside the build context.' },
  BAD_DESTINATION: { exit: 1, means: 'A destination of COPY, ADD or APP cannot be written to.' },
  COPIED_CONTENTS: { exit: 1, means: 'A command names a folder of which COPY copies only the contents (a warning).' },
  BASE_NOT_FOUND: { exit: 1, means: 'The base image of a FROM does not exist.' },
  PLATFORM_NOT_FOUND: { exit: 1, means: 'An image has no manifest for a wanted platform.' },
  FOREIGN_RUN: { exit: 1, means: 'A RUN is for a platform that this machine can neither run nor emulate.' },
  RUN_FAILED: { exit: 1, means: 'A command of RUN failed.' },
  CHECKSUM_MISMATCH: { exit: 1, means: 'A downloaded file is not what its --checksum says.' },
  DOWNLOAD_FAILED: { exit: 3, means: 'A URL of ADD or APP cannot be downloaded.' },
  SECRET_NOT_FOUND: { exit: 1, means: 'A --mount=type=secret names a secret that was not given.' },
  SECRET_IN_LAYER: { exit: 1, means: 'A command of RUN wrote a secret into the image.' },
  APP_KIND_UNKNOWN: { exit: 1, means: 'What an app is cannot be told from its files, and it has no APPCMDS.' },
  TOO_MANY_LAYERS: { exit: 1, means: 'The image would have more layers than container engines can mount.' },
  // container images
  IMAGES_MISSING: { exit: 1, means: 'Container images that the content names cannot be fetched; each is listed.' },
  LOCK_INVALID: { exit: 1, means: 'images.lock cannot be read: its YAML, a name, a digest or a merge conflict.' },
  LOCK_STALE: { exit: 1, means: 'images.lock lacks what the content names, or registries say something newer.' },
  IMAGE_CONFLICT: { exit: 1, means: 'Two archives hold different images of one name for one platform.' },
  ENGINE_ERROR: { exit: 3, means: 'A container engine answers with an error, or breaks off.' },
  IMAGES_NOT_DISCOVERED: { exit: 1, means: 'Content may name container images in a way that discovery does not read.' },
  HELM_NOT_FOUND: { exit: 1, means: 'A chart is to be rendered, and there is no helm on this machine.' },
  KUBECTL_NOT_FOUND: { exit: 1, means: 'A kustomization is to be built, and there is no kubectl on this machine.' },
  CHART_NOT_FOUND: { exit: 1, means: 'A chart, or a version of it, is not in its repository or registry.' },
  CHART_INVALID: { exit: 1, means: 'A Helm chart cannot be rendered: a template fails, or a value is missing.' },
  KUSTOMIZATION_INVALID: { exit: 1, means: 'A kustomization cannot be built, or needs what is not in the image.' },
  TEMPLATE_INVALID: { exit: 1, means: 'A template (.tmpl) is malformed, or names a variable that is not set.' },
  RULES_INVALID: {
    exit: 1,
    means: 'sealer.yaml has a mistake: its YAML, an unknown key, or a value of the wrong kind.',
  },
  UNUSED_PATTERN: { exit: 1, means: 'Warning: an entry of an ignore list matches no image.' },
  MANIFEST_UNREADABLE: { exit: 1, means: 'A Kubernetes manifest or image list cannot be read.' },
  VERSIONS_INVALID: { exit: 1, means: 'versions.yaml of a base image has mistakes; each is listed with its line.' },
  UPSTREAM_CHANGED: {
    exit: 3,
    means: 'Upstream of a base image answers with something else than was expected: no release, or no checksum.',
  },
  TAG_TAKEN: { exit: 1, means: 'A tag that must never move stands for another image already.' },
  // hosts
  HOST_UNREACHABLE: { exit: 3, means: 'A host does not answer, or the connection to it broke.' },
  HOST_KEY_UNKNOWN: { exit: 1, means: 'The key of a host is not known; nothing was sent to it.' },
  HOST_KEY_CHANGED: {
    exit: 1,
    means: 'A host shows another key than the known one: it was reinstalled, or it is another.',
  },
  SSH_AUTH_FAILED: { exit: 1, means: 'A host refuses the password or key.' },
  SSH_KEY_INVALID: { exit: 1, means: 'A private key cannot be read, or its passphrase is missing or wrong.' },
  SUDO_FAILED: { exit: 1, means: 'The user of a host cannot become root: no sudo, not allowed, or a wrong password.' },
  HOST_TIMEOUT: { exit: 3, means: 'A command on a host took longer than it may.' },
  COMMAND_FAILED: { exit: 3, means: 'A command on a host failed; its last lines are shown.' },
  HOST_DISK_FULL: { exit: 3, means: 'No space is left on a host.' },
  HOST_UNFIT: { exit: 1, means: 'Hosts are not fit for what the plan has for them; each finding is listed.' },
  // clusters
  CLUSTERFILE_NOT_FOUND: { exit: 1, means: 'There is no Clusterfile at the given place.' },
  CLUSTERFILE_INVALID: { exit: 1, means: 'The Clusterfile has mistakes; each is listed with its line.' },
  ENV_MISSING: { exit: 1, means: 'A Clusterfile takes a value from an environment variable that is not set.' },
  SECRET_IN_CLUSTERFILE: { exit: 1, means: 'Warning: a Clusterfile holds a secret as it is.' },
  CLUSTER_NOT_FOUND: { exit: 1, means: 'There is no cluster of that name on the given hosts.' },
  CLUSTER_EXISTS: { exit: 1, means: 'Hosts belong to another cluster already.' },
  CLUSTER_LOCKED: { exit: 1, means: 'Another run works on the cluster; its holder is named.' },
  CONFIRMATION_NEEDED: { exit: 2, means: 'A destructive command wants to be confirmed, and nobody is there to ask.' },
  RUNTIME_UNKNOWN: { exit: 1, means: 'The image does not say which of kubeadm, k3s and k0s runs it.' },
  IMAGE_UNFIT: { exit: 1, means: 'A cluster image lacks what its runtime needs, or is for other machines.' },
  KUBE_VERSION_MISMATCH: { exit: 1, means: "An image's KUBEVERSION excludes the cluster's version." },
  QUORUM_AT_RISK: { exit: 1, means: 'Removing a master would leave etcd without a quorum.' },
  LAST_MASTER: { exit: 1, means: 'The last master cannot be removed; delete the cluster instead.' },
  REGISTRY_HOST: { exit: 1, means: "The host to remove holds the cluster's only registry." },
  UPGRADE_SKIPS_MINOR: { exit: 1, means: 'An upgrade would skip a minor version of Kubernetes.' },
  DOWNGRADE: { exit: 1, means: 'An image has an older Kubernetes than the cluster.' },
  RUNTIME_CHANGE: { exit: 1, means: 'An image is for another runtime than the cluster has.' },
  NODE_NOT_READY: { exit: 3, means: 'A node did not get Ready in time; the message says why.' },
  REGISTRY_NOT_READY: { exit: 3, means: "The cluster's registry on a host does not answer." },
  PLUGIN_FAILED: { exit: 1, means: 'A plugin failed; its host, phase and last lines are shown.' },
  PLUGIN_INVALID: { exit: 1, means: 'A plugin has an unknown type or phase, or selects hosts that are not there.' },
  STEP_FAILED: { exit: 3, means: 'A step of the plan failed; running it again goes on from there.' },
  // temporary clusters
  KUBECONFIG_INVALID: { exit: 1, means: 'A kubeconfig cannot be read, or asks for what is not supported or not safe.' },
  CLUSTER_UNREACHABLE: {
    exit: 3,
    means: "A cluster's API cannot be reached, or its certificate is not to be trusted.",
  },
  CLUSTER_API_ERROR: { exit: 3, means: "A cluster's API refuses a request or answers with an error." },
  ENGINE_NOT_FOUND: { exit: 1, means: 'A temporary cluster needs a container engine, and none answers.' },
  ENGINE_UNFIT: { exit: 1, means: 'The container engine cannot run a cluster; the message says what it lacks.' },
  CLUSTER_NOT_READY: { exit: 3, means: 'A cluster did not get ready in time; the message says what was missing.' },
  LAUNCH_FAILED: { exit: 1, means: 'A command that launches an app failed, or an app has none.' },
  WORKLOADS_NOT_READY: { exit: 1, means: 'Workloads did not get ready in time; each is named, with its events.' },
  VERIFY_FAILED: {
    exit: 1,
    means: 'A cluster image does not run offline: images are missing, or workloads not ready.',
  },
  // GitHub and previews
  GITHUB_DENIED: {
    exit: 1,
    means: "GitHub's API does not allow what was asked: a permission of the token is missing.",
  },
  GITHUB_RATE_LIMITED: { exit: 3, means: "GitHub's API asks to come back later, longer than we wait." },
  GITHUB_UNREACHABLE: { exit: 3, means: "GitHub's API does not answer, or fails." },
  GITHUB_ERROR: { exit: 1, means: "GitHub's API refuses a request." },
  POOL_INVALID: { exit: 1, means: 'The file with the hosts of a pool has mistakes; each is listed.' },
  POOL_EXHAUSTED: { exit: 3, means: 'No hosts of the pool are free for a preview; who has them is listed.' },
  SMOKE_TEST_FAILED: { exit: 1, means: 'The smoke test of a preview failed; its last lines are shown.' },
} as const satisfies Record<string, { exit: ExitCode; means: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What to add to an error beside its code and message. */
export interface ErrorDetails {
  /** What to do about it: one sentence, in the imperative. */
  readonly hint?: string | undefined;
  readonly at?: Place | undefined;
  readonly cause?: unknown;
  /** Several problems reported as one: each is printed on its own. */
  readonly problems?: readonly Problem[] | undefined;
}

/** One finding among several, as a linter prints it. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly at?: Place | undefined;
  /** Warnings do not fail anything; notices are only worth knowing. Default: error. */
  readonly severity?: 'error' | 'warning' | 'notice' | undefined;
}

/** An error that a person can act on. */
export class SealerError extends Error {
  override readonly name = 'SealerError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly at: Place | undefined;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.at = details.at;
    this.problems = details.problems ?? [];
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code].exit;
  }
}

/** `file:line:column`, as far as it is known. */
export function formatPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** Whether a caught value is a Node.js system error with this code (`ENOENT` …). */
export function isSystemError(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

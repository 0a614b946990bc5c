/** The inputs of actions/build, under the names that its action.yml gives them. */

import { join } from 'node:path';
import type { EngineKind, ImageType, LockMode, PullPolicy } from '../../build/index.ts';
import {
  COMPRESSIONS,
  DEFAULT_CLUSTER,
  ENGINES,
  IMAGE_TYPES,
  LOCK_MODES,
  PULL_POLICIES,
  readDuration,
} from '../../cli/index.ts';
import type { Compression } from '../../oci/tar/index.ts';
import type { ClusterOptions } from '../../rehearsal/index.ts';
import { type AttestInputs, readAttestInputs } from './attest-inputs.ts';
import { parseList, parsePairs } from './lists.ts';
import { choose, type ReadInput, readBoolean, readChoice } from './read-input.ts';
import { type RegistryInputs, readRegistryInputs } from './registry-inputs.ts';

export interface BuildInputs extends RegistryInputs {
  readonly attest: AttestInputs;
  readonly context: string;
  readonly file: string;
  readonly tags: readonly string[];
  readonly platforms: readonly string[];
  readonly buildArgs: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly pull: PullPolicy;
  readonly baseRegistry: string | undefined;
  readonly target: string | undefined;
  /** Values by ID. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Names of environment variables by ID. */
  readonly secretEnvs: Readonly<Record<string, string>>;
  /** Files by ID. */
  readonly secretFiles: Readonly<Record<string, string>>;
  readonly imageLists: readonly string[];
  readonly ignoredImageLists: readonly string[];
  readonly saveImages: boolean;
  readonly type: ImageType;
  readonly compression: Compression;
  readonly lock: LockMode;
  readonly offline: boolean;
  readonly imageArchives: readonly string[];
  readonly imageSources: readonly EngineKind[];
  /** Whether what the launch pulls on a temporary cluster is put in. */
  readonly record: boolean;
  readonly cluster: ClusterOptions;
  readonly verify: boolean;
  readonly store: string | undefined;
  readonly cache: 'auto' | 'true' | 'false';
  readonly lint: 'error' | 'warn' | 'off';
  readonly summary: boolean;
  /** Whether the step after this one pushes. */
  readonly push: boolean;
  readonly allowUnsafeFork: boolean;
}

/**
 * Reads and checks the inputs of the build.
 * @throws SealerError USAGE, naming the input
 */
export function readBuildInputs(read: ReadInput): BuildInputs {
  const context = read('context') || '.';
  return {
    context,
    file: read('file') || read('kubefile') || join(context, 'Kubefile'),
    tags: parseList(read('tags'), { comma: true }),
    platforms: parseList(read('platforms'), { comma: true }),
    buildArgs: parseList(read('build-args'), { comma: false }),
    labels: parsePairs(read('labels'), { comma: false }),
    annotations: parsePairs(read('annotations'), { comma: false }),
    noCache: readBoolean(read, 'no-cache', false),
    pull: readPull(read),
    baseRegistry: read('base-registry') || undefined,
    target: read('target') || undefined,
    secrets: parsePairs(read('secrets'), { comma: false, trim: false }),
    secretEnvs: parsePairs(read('secret-envs'), { comma: true }),
    secretFiles: parsePairs(read('secret-files'), { comma: false }),
    imageLists: parseList(read('image-list'), { comma: true }),
    ignoredImageLists: parseList(read('ignored-image-list'), { comma: true }),
    saveImages: readBoolean(read, 'save-images', true),
    type: readChoice(read, 'type', IMAGE_TYPES, 'kube-installer'),
    compression: readChoice(read, 'compression', COMPRESSIONS, 'gzip'),
    lock: readChoice(read, 'lock', LOCK_MODES, 'use'),
    offline: readBoolean(read, 'offline', false),
    imageArchives: parseList(read('image-archive'), { comma: true }),
    imageSources: parseList(read('image-source'), { comma: true }).map((each) => choose('image-source', each, ENGINES)),
    record: readChoice(read, 'cluster', ['none', 'k3s'], 'none') === 'k3s',
    cluster: {
      image: read('cluster-image') || undefined,
      timeoutMs: readDuration(read('cluster-timeout'), 'The input cluster-timeout', DEFAULT_CLUSTER.timeoutMs),
      settleMs: readDuration(read('cluster-settle'), 'The input cluster-settle', DEFAULT_CLUSTER.settleMs),
    },
    verify: readBoolean(read, 'verify', false),
    store: read('store') || undefined,
    cache: readChoice(read, 'cache', ['auto', 'true', 'false'], 'auto'),
    lint: readChoice(read, 'lint', ['error', 'warn', 'off'], 'error'),
    summary: readBoolean(read, 'summary', true),
    attest: readAttestInputs(read, true),
    push: readBoolean(read, 'push', false),
    allowUnsafeFork: readBoolean(read, 'allow-unsafe-fork', false),
    ...readRegistryInputs(read),
  };
}

/** docker's `pull` is a boolean; the policies are accepted beside it. */
function readPull(read: ReadInput): PullPolicy {
  const value = read('pull').trim().toLowerCase();
  if (value === 'true') return 'always';
  if (value === 'false') return 'missing';
  return readChoice(read, 'pull', PULL_POLICIES, 'missing');
}

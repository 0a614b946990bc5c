/** The flags of `sealer build`, and the build that they ask for. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BuildOptions, EngineKind, ImageType, LockMode, PullPolicy, SecretSource } from '../build/index.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { Compression } from '../oci/tar/index.ts';
import {
  COMPRESSIONS,
  completeNames,
  ENGINES,
  IMAGE_TYPES,
  LOCK_MODES,
  PULL_POLICIES,
  readBuildArgs,
} from './build-values.ts';
import { type ClusterFlags, toClusterOptions } from './cluster-flags.ts';
import { collect, collectPairs, readBoolean } from './flags.ts';

export interface BuildFlags extends Partial<ClusterFlags> {
  readonly file?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly platform?: readonly string[] | undefined;
  readonly buildArg?: readonly string[] | undefined;
  readonly label?: Readonly<Record<string, string>> | undefined;
  readonly annotation?: Readonly<Record<string, string>> | undefined;
  readonly cache: boolean;
  readonly pull: PullPolicy;
  readonly baseRegistry?: string | undefined;
  readonly target?: string | undefined;
  readonly secret?: readonly SecretSource[] | undefined;
  readonly imageList?: readonly string[] | undefined;
  readonly ignoredImageList?: readonly string[] | undefined;
  readonly saveImages: boolean;
  readonly type: ImageType;
  readonly compression: Compression;
  readonly lock: LockMode;
  readonly locked?: boolean | undefined;
  readonly offline?: boolean | undefined;
  readonly imageArchive?: readonly string[] | undefined;
  readonly imageSource?: readonly EngineKind[] | undefined;
  readonly record?: boolean | undefined;
}

/** Declares the flags that say what to build; where results go is the command's own. */
export function withBuildFlags(command: Command): Command {
  return command
    .option('-f, --file <file>', 'the Kubefile (default: Kubefile in the context)')
    .option('-t, --tag <name>', 'name the image (repeatable)', collect)
    .option(
      '--platform <list>',
      'build for these platforms: linux/amd64,linux/arm64 (default: this machine)',
      collectList,
    )
    .option('--build-arg <name=value>', 'set an ARG; without =value, from the environment (repeatable)', collect)
    .option('--label <key=value>', 'add a label (repeatable)', collectPairs)
    .option(
      '--annotation <key=value>',
      'add an annotation; index:key or manifest:key say where (repeatable)',
      collectPairs,
    )
    .option('--no-cache', 'do every instruction again')
    .addOption(
      new Option('--pull [policy]', 'when to ask the registry for base images; --pull alone means always')
        .choices(PULL_POLICIES)
        .default('missing'),
    )
    .option(
      '--base-registry <registry>',
      'where FROM k3s, k0s and kubeadm are (default: $SEALER_BASE_REGISTRY, else ghcr.io/sealer)',
    )
    .option('--target <stage>', 'build this stage (default: the last)')
    .option('--secret <id=…,src=…|env=…>', 'a secret for RUN --mount=type=secret (repeatable)', collectSecrets)
    .option('--image-list <file>', 'put the container images of this list in as well (repeatable)', collect)
    .option('--ignored-image-list <file>', 'leave the container images of this list out (repeatable)', collect)
    .option('--save-images [boolean]', 'false: leave all container images out', readBoolean, true)
    .addOption(
      new Option('--type <type>', 'kube-installer has a Kubernetes in it, app-installer needs one')
        .choices(IMAGE_TYPES)
        .default('kube-installer'),
    )
    .addOption(new Option('--compression <kind>', 'of new layers').choices(COMPRESSIONS).default('gzip'))
    .addOption(
      new Option('--lock [mode]', 'what images.lock in the context is for; --lock alone means write')
        .choices(LOCK_MODES)
        .default('use'),
    )
    .option('--locked', 'the same as --lock=require: fail where an image is missing in it, or is not needed any more')
    .option('--offline', 'ask no registry: everything comes from the store')
    .option(
      '--image-archive <file>',
      'take images from this docker-archive or oci-archive as well (repeatable)',
      collect,
    )
    .option(
      '--image-source <engine>',
      'ask an engine of this machine for what no registry has: docker, podman, containerd (repeatable)',
      collectEngines,
    );
}

/**
 * The build that flags ask for.
 * @param env gives the values of `--build-arg NAME`
 * @throws SealerError INVALID_REFERENCE, BAD_PLATFORM
 */
export function toBuildOptions(context: string, flags: BuildFlags, env: NodeJS.ProcessEnv): BuildOptions {
  return {
    context,
    file: flags.file,
    tags: completeNames(flags.tag ?? []),
    platforms: (flags.platform ?? []).map(parsePlatform),
    buildArgs: readBuildArgs(flags.buildArg ?? [], env),
    labels: flags.label ?? {},
    annotations: flags.annotation ?? {},
    noCache: !flags.cache,
    pull: flags.pull,
    baseRegistry: flags.baseRegistry,
    target: flags.target,
    secrets: flags.secret ?? [],
    imageLists: flags.imageList ?? [],
    ignoredImageLists: flags.ignoredImageList ?? [],
    saveImages: flags.saveImages,
    type: flags.type,
    compression: flags.compression,
    lock: flags.locked === true ? 'require' : flags.lock,
    offline: flags.offline === true,
    imageArchives: flags.imageArchive ?? [],
    imageSources: flags.imageSource ?? [],
    record: flags.record === true,
    cluster: toClusterOptions(flags),
  };
}

/**
 * Reads `id=token,src=file` and `id=token,env=NAME`; `id=NAME` alone takes the variable of that name.
 * @throws InvalidArgumentError
 */
export function parseSecret(text: string): SecretSource {
  const fields = new Map(
    text.split(',').map((field): [string, string] => {
      const equals = field.indexOf('=');
      return [field.slice(0, Math.max(0, equals)), field.slice(equals + 1)];
    }),
  );
  const [id, file, env] = [fields.get('id'), fields.get('src') ?? fields.get('source'), fields.get('env')];
  const unknown = [...fields.keys()].find((key) => !['id', 'src', 'source', 'env', 'type'].includes(key));
  if (id === undefined || id === '' || unknown !== undefined || (file !== undefined && env !== undefined)) {
    throw new InvalidArgumentError('Write id=NAME,src=FILE or id=NAME,env=VARIABLE.');
  }
  return file === undefined ? { id, env: env ?? id } : { id, file };
}

function collectSecrets(value: string, previous: readonly SecretSource[] = []): readonly SecretSource[] {
  return [...previous, parseSecret(value)];
}

function collectEngines(value: string, previous: readonly EngineKind[] = []): readonly EngineKind[] {
  const engine = ENGINES.find((each) => each === value);
  if (engine === undefined) throw new InvalidArgumentError(`Allowed choices are ${ENGINES.join(', ')}.`);
  return [...previous, engine];
}

function collectList(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...value.split(',').filter((each) => each !== '')];
}

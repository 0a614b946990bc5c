/** The flags of `sealer build`, and the build that they ask for. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BuildOptions, ImageType, PullPolicy, SecretSource } from '../build/index.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { Compression } from '../oci/tar/index.ts';
import { COMPRESSIONS, completeNames, IMAGE_TYPES, PULL_POLICIES, readBuildArgs } from './build-values.ts';
import { collect, collectPairs, readBoolean } from './flags.ts';

export interface BuildFlags {
  readonly file?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly platform?: readonly string[] | undefined;
  readonly buildArg?: readonly string[] | undefined;
  readonly label?: Readonly<Record<string, string>> | undefined;
  readonly annotation?: Readonly<Record<string, string>> | undefined;
  readonly cache: boolean;
  readonly pull: PullPolicy;
  readonly target?: string | undefined;
  readonly secret?: readonly SecretSource[] | undefined;
  readonly imageList?: readonly string[] | undefined;
  readonly ignoredImageList?: readonly string[] | undefined;
  readonly saveImages: boolean;
  readonly type: ImageType;
  readonly compression: Compression;
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
    .addOption(new Option('--compression <kind>', 'of new layers').choices(COMPRESSIONS).default('gzip'));
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
    target: flags.target,
    secrets: flags.secret ?? [],
    imageLists: flags.imageList ?? [],
    ignoredImageLists: flags.ignoredImageList ?? [],
    saveImages: flags.saveImages,
    type: flags.type,
    compression: flags.compression,
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

function collectList(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...value.split(',').filter((each) => each !== '')];
}

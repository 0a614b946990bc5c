/** The first half of every build: what is wrong is told before any work, and then everything is ready for the stages. */

import { type Problem, SealerError } from '../error.ts';
import { checkKubefile, type Kubefile, parseKubefile, targetStage } from '../kubefile/index.ts';
import { formatPlatform, hostPlatform, type Platform } from '../oci/platform.ts';
import { mirroredSource } from '../registry/client/index.ts';
import { createRenderer, type Renderer } from '../render/index.ts';
import type { Builder } from './builder.ts';
import { openContext, readKubefile } from './context/context.ts';
import { openFileDigests } from './context/file-digests.ts';
import { warnOfCopiedContents } from './copied-contents.ts';
import { type ImageLists, readImageLists } from './images/lists.ts';
import { openLock } from './images/lock.ts';
import { readUserRules } from './images/rules.ts';
import { openLayerCache } from './layers/layer-cache.ts';
import type { BuildOptions, BuildWorld } from './options.ts';
import { findProblems, unusedBuildArgs } from './preflight.ts';
import { isEmulated, isNative } from './run/emulation.ts';
import { readSecrets } from './run/secrets.ts';
import { evaluateGlobals, type Globals, platformArgs } from './stage/scope.ts';
import { buildStage } from './stage/stage.ts';
import type { StageState } from './stage/state.ts';

/** Disposing it removes what the stages left behind: unpacked files, downloads. */
export interface PreparedBuild extends AsyncDisposable {
  readonly builder: Builder;
  /** At least one. */
  readonly platforms: readonly Platform[];
  readonly lists: ImageLists;
}

/**
 * Reads and checks Kubefile, context, lists, secrets and platforms.
 * @throws SealerError KUBEFILE_INVALID with all problems, and the codes of the group build
 */
export async function prepareBuild(options: BuildOptions, world: BuildWorld): Promise<PreparedBuild> {
  const { file, text } = readKubefile(options.context, options.file);
  const context = openContext(options.context, file);
  const host = world.host ?? hostPlatform();
  const platforms = options.platforms.length === 0 ? [host] : options.platforms;
  const epoch = readEpoch(world.env);
  const lists = await readImageLists(options.imageLists, options.ignoredImageLists);
  const secrets = await readSecrets(options.secrets, world.env);
  const { kubefile, warnings } = parse(text, file, options);
  const globals = rememberGlobals(kubefile, options, host);
  const problems = await findProblems({
    kubefile,
    context,
    options,
    platforms,
    globals,
    hasSecret: (id) => secrets.has(id),
    canRun: async (platform) => isNative(platform, host) || (world.emulates ?? isEmulated)(platform),
  });
  refuse(problems, file);

  const lock = await openLock(context, options);
  const user = await readUserRules(context);
  const states = new Map<string, Promise<StageState>>();
  const builder: Builder = {
    options,
    world,
    context,
    kubefile,
    host,
    epoch,
    compression: options.compression ?? 'gzip',
    cache: await openLayerCache(world.store, !options.noCache),
    digests: await openFileDigests(world.store, context.tree.root),
    lock,
    ...user,
    source: mirroredSource(world.client, user.rules.fetchFrom),
    resolved: new Map(lock.before?.images),
    renderer: await openRenderer(world),
    recording: { current: undefined },
    secrets,
    warnings: [
      ...warnings,
      ...unusedBuildArgs(kubefile, options),
      ...warnOfCopiedContents(kubefile, context.tree.root),
    ],
    moved: { fetched: 0, reused: 0 },
    cleanup: new AsyncDisposableStack(),
    globals,
    stage(index, target) {
      const key = `${index} ${formatPlatform(target)}`;
      const stage = kubefile.stages[index];
      if (stage === undefined) throw new Error(`stage ${index} of ${kubefile.stages.length}`);
      const state = states.get(key) ?? buildStage(builder, stage, target);
      states.set(key, state);
      return state;
    },
  };
  return { builder, platforms, lists, [Symbol.asyncDispose]: () => builder.cleanup.disposeAsync() };
}

async function openRenderer({ store, env, signal }: BuildWorld): Promise<Renderer> {
  return createRenderer({
    ...{ env, signal },
    toolsFolder: await store.cacheFolder('tools'),
    cacheFolder: await store.cacheFolder('rendered'),
    scratch: (label) => store.scratch(label),
  });
}

/** Builds the target stage, and those it needs, for each platform. */
export async function buildStages({ builder, platforms }: PreparedBuild): Promise<readonly StageState[]> {
  const { kubefile, options, world } = builder;
  const target = targetStage(kubefile, options.target);
  const states: StageState[] = [];
  world.report({ type: 'phase', title: 'Layers' });
  for (const platform of platforms) states.push(await builder.stage(target.index, platform));
  return states;
}

/** @throws SealerError KUBEFILE_INVALID with everything that is wrong in the text */
function parse(
  text: string,
  file: string,
  { target }: BuildOptions,
): { readonly kubefile: Kubefile; readonly warnings: readonly Problem[] } {
  const { kubefile, problems } = parseKubefile(text, file);
  const all = [...problems, ...checkKubefile(kubefile, { target })];
  const errors = all.filter(({ severity }) => severity !== 'warning');
  if (errors.length > 0) throw invalid(errors, file);
  return { kubefile, warnings: all };
}

/** One problem is thrown as what it is; several are one error that lists them. */
function refuse(problems: readonly Problem[], file: string): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length > 1) throw invalid(problems, file);
  throw new SealerError(first.code, first.message, { hint: first.hint, at: first.at });
}

function invalid(problems: readonly Problem[], file: string): SealerError {
  const [first] = problems;
  const what = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new SealerError('KUBEFILE_INVALID', `${file} has ${what}`, {
    at: first?.at,
    hint: problems.length === 1 ? first?.hint : 'Nothing was built; mend them all and build again.',
    problems,
  });
}

function rememberGlobals(
  kubefile: Kubefile,
  { buildArgs }: BuildOptions,
  host: Platform,
): (target: Platform) => Globals {
  const known = new Map<string, Globals>();
  return (target) => {
    const key = formatPlatform(target);
    const given = { escape: kubefile.escape, buildArgs, platformArgs: platformArgs(target, host) };
    const globals = known.get(key) ?? evaluateGlobals(kubefile.globals, given);
    known.set(key, globals);
    return globals;
  };
}

/**
 * The time of everything in the image (reproducible-builds.org/specs/source-date-epoch).
 * @throws SealerError USAGE
 */
function readEpoch({ SOURCE_DATE_EPOCH: text = '0' }: NodeJS.ProcessEnv): number {
  const value = text.trim() === '' ? 0 : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new SealerError('USAGE', `SOURCE_DATE_EPOCH=${text} is not a number of seconds`, {
    hint: 'Write it as git log -1 --format=%ct does, or unset it.',
  });
}

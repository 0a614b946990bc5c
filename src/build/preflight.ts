/** Everything that can be told to be wrong before any work is done, in one report. */

import { type Problem, SealerError } from '../error.ts';
import type { Instruction, Kubefile, RunInstruction, Stage, Word } from '../kubefile/ast.ts';
import { baseStage, expandWord, stageOrder } from '../kubefile/index.ts';
import { formatPlatform, type Platform, parsePlatform } from '../oci/platform.ts';
import type { BuildContext } from './context/context.ts';
import { findSources } from './context/sources.ts';
import { walkSource } from './context/walk.ts';
import { isUrl } from './download/download.ts';
import { describeApp, localSource } from './instructions/app.ts';
import type { BuildOptions } from './options.ts';
import { fromScope, type Globals, PROXY_ARGS } from './stage/scope.ts';
import { type StaticScope, staticScope } from './stage/static-scope.ts';

export interface Preflight {
  readonly kubefile: Kubefile;
  readonly context: BuildContext;
  readonly options: BuildOptions;
  readonly platforms: readonly Platform[];
  readonly globals: (target: Platform) => Globals;
  readonly hasSecret: (id: string) => boolean;
  /** Whether a RUN for this platform works on this machine. */
  readonly canRun: (platform: Platform) => Promise<boolean>;
}

/** Looks over all stages that the target needs, for all platforms. Each problem is told once. */
export async function findProblems(preflight: Preflight): Promise<readonly Problem[]> {
  const problems = new Map<string, Problem>();
  const add = (problem: Problem): void =>
    void problems.set(JSON.stringify([problem.code, problem.message, problem.at]), problem);
  for (const target of preflight.platforms) {
    const globals = preflight.globals(target);
    const scopes = new Map<number, StaticScope>();
    for (const stage of stageOrder(preflight.kubefile, preflight.options.target, fromScope(globals))) {
      await attempt(add, () => checkStage(preflight, stage, target, scopes, add));
    }
  }
  return [...problems.values()];
}

/** Warnings for --build-arg that no ARG asks for. */
export function unusedBuildArgs(kubefile: Kubefile, options: BuildOptions): readonly Problem[] {
  const all = [...kubefile.globals, ...kubefile.stages.flatMap((stage) => stage.instructions)];
  const declared = new Set(all.flatMap((each) => (each.kind === 'ARG' ? each.pairs.map(({ name }) => name) : [])));
  return Object.keys(options.buildArgs)
    .filter((name) => !declared.has(name) && !PROXY_ARGS.includes(name))
    .map((name) => ({
      code: 'BAD_VARIABLE',
      message: `--build-arg ${name} is not used: no ARG declares it`,
      hint: `Write ARG ${name} before the instruction that uses it, or leave the argument out.`,
      at: { file: kubefile.file },
      severity: 'warning',
    }));
}

async function checkStage(
  preflight: Preflight,
  stage: Stage,
  target: Platform,
  scopes: Map<number, StaticScope>,
  add: (problem: Problem) => void,
): Promise<void> {
  const { kubefile } = preflight;
  const globals = preflight.globals(target);
  const earlier = baseStage(kubefile, stage, fromScope(globals));
  const earlierScope = earlier === undefined ? undefined : scopes.get(earlier.index);
  const isScratch = expandWord(stage.from.image, fromScope(globals), kubefile.escape) === 'scratch';
  const scope = staticScope(globals, earlierScope?.variables, isScratch);
  scopes.set(stage.index, scope);
  const platform =
    stage.from.platform === undefined
      ? target
      : parsePlatform(expandWord(stage.from.platform, fromScope(globals), kubefile.escape));
  for (const instruction of stage.instructions) {
    await attempt(add, async () => {
      if (instruction.kind === 'RUN') await checkRun(preflight, instruction, platform, add);
      else checkSources(preflight, stage, instruction, scope, add);
      scope.pass(instruction);
    });
  }
}

async function checkRun(
  preflight: Preflight,
  run: RunInstruction,
  platform: Platform,
  add: (problem: Problem) => void,
): Promise<void> {
  for (const mount of run.mounts) {
    if (mount.type !== 'secret' || !mount.required || preflight.hasSecret(mount.id)) continue;
    add({
      code: 'SECRET_NOT_FOUND',
      message: `The secret ${mount.id} is not given`,
      hint: `Give it by --secret id=${mount.id},src=FILE or --secret id=${mount.id},env=NAME.`,
      at: run.at,
    });
  }
  if (await preflight.canRun(platform)) return;
  add({
    code: 'FOREIGN_RUN',
    message: `This machine cannot run programs for ${formatPlatform(platform)}`,
    hint: 'Register an emulator (docker/setup-qemu-action does), build on a machine of that kind, or use FROM --platform=$BUILDPLATFORM.',
    at: run.at,
  });
}

/** Sources in the context: a glance, nothing is read. */
function checkSources(
  { context }: Preflight,
  stage: Stage,
  instruction: Instruction,
  scope: StaticScope,
  add: (problem: Problem) => void,
): void {
  const isApp = instruction.kind === 'APP' || instruction.kind === 'CNI' || instruction.kind === 'CSI';
  const isCopy = instruction.kind === 'COPY' || instruction.kind === 'ADD';
  if ((!isApp && !isCopy) || (isCopy && instruction.from !== undefined)) return;
  const files: string[] = [];
  let isComplete = true;
  for (const source of instruction.sources) {
    const path = 'content' in source ? undefined : localPath(instruction, source, scope);
    if (path === undefined) {
      isComplete = false;
      continue;
    }
    attemptSync(
      add,
      () => {
        for (const match of findSources(context.tree, path, source.at)) {
          if (!isApp) continue;
          const entries = walkSource(context.tree, match.path, () => {}).filter((entry) => entry.type !== 'directory');
          files.push(...entries.map((entry) => (match.isDirectory ? entry.path : match.name)));
        }
      },
      () => {
        isComplete = false;
      },
    );
  }
  if (!isApp) return;
  for (const word of instruction.values.flat()) {
    const path = scope.expandSource(word);
    if (path !== undefined)
      attemptSync(
        add,
        () => void findSources(context.tree, path, word.at),
        () => {},
      );
  }
  if (!isComplete) return;
  const hasCommands = stage.instructions.some((each) => each.kind === 'APPCMDS' && each.app === instruction.name);
  if (hasCommands || describeApp(instruction.name, files, instruction.at).commands.length > 0) return;
  add({
    code: 'APP_KIND_UNKNOWN',
    message: `Nothing tells how to launch the app ${instruction.name}`,
    hint: `It is no helm chart, kustomization, set of manifests or set of .sh files. Say how: APPCMDS ${instruction.name} ["…"].`,
    at: instruction.at,
  });
}

function localPath(instruction: Instruction, source: Word, scope: StaticScope): string | undefined {
  const text = scope.expandSource(source);
  if (text === undefined) return undefined;
  if (instruction.kind === 'COPY') return text;
  if (instruction.kind === 'ADD') return isUrl(text) ? undefined : text;
  return localSource(text, source.at);
}

async function attempt(add: (problem: Problem) => void, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    add(problemOf(error));
  }
}

function attemptSync(add: (problem: Problem) => void, work: () => void, onProblem: () => void): void {
  try {
    work();
  } catch (error) {
    onProblem();
    add(problemOf(error));
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof SealerError)) throw error;
  return { code: error.code, message: error.message, hint: error.hint, at: error.at };
}

/** Building one stage: its FROM, then its instructions one after the other. */

import { type Place, SealerError } from '../../error.ts';
import type { Instruction, Stage } from '../../kubefile/ast.ts';
import { baseStage, describeInstruction, didYouMean, expandWord, listNames } from '../../kubefile/index.ts';
import { formatPlatform, type Platform, parsePlatform } from '../../oci/platform.ts';
import { atPlace } from '../at-place.ts';
import type { Builder } from '../builder.ts';
import { appInstruction } from '../instructions/app.ts';
import { checkLaunchable, inAppFolder } from '../instructions/app-kind.ts';
import { copyInstruction } from '../instructions/copy.ts';
import { cleanDestination, planCopy } from '../instructions/destination.ts';
import { runInstruction } from '../instructions/run.ts';
import { makeLayer } from '../layers/make-layer.ts';
import { findBase } from './bases.ts';
import { declareArgs, expandPairs, fromScope, stageScope } from './scope.ts';
import { emptyState, type StageLayer, type StageState, stateOnStage } from './state.ts';
import { stateOnBase } from './state-on-base.ts';

/** The label that says which versions of Kubernetes an image is for (sealerio/sealer, pkg/define/image/v1/label.go). */
const KUBE_VERSION_LABEL = 'app.alpha.sealer.io/supported-kube-version';

/** Builds a stage for a target platform. */
export async function buildStage(builder: Builder, stage: Stage, target: Platform): Promise<StageState> {
  const state = await startStage(builder, stage, target);
  checkAppNames(stage, state);
  for (const [i, instruction] of stage.instructions.entries()) {
    builder.world.signal?.throwIfAborted();
    const id = `build ${formatPlatform(state.platform)} ${stage.index} ${i}`;
    const work = () => atPlace(instruction.at, () => carryOut(builder, stage, state, instruction, id));
    if (isWork(instruction))
      await asTask(builder, id, `${where(builder, stage, target)}${describeInstruction(instruction)}`, work);
    else await work();
  }
  for (const app of state.apps.values()) if (!app.isInherited) checkLaunchable(app);
  return state;
}

async function startStage(builder: Builder, stage: Stage, target: Platform): Promise<StageState> {
  const { kubefile } = builder;
  const globals = builder.globals(target);
  const { from } = stage;
  const earlier = baseStage(kubefile, stage, fromScope(globals));
  if (earlier !== undefined) return stateOnStage(await builder.stage(earlier.index, target));
  const platform =
    from.platform === undefined
      ? target
      : parsePlatform(expandWord(from.platform, fromScope(globals), kubefile.escape));
  const name = expandWord(from.image, fromScope(globals), kubefile.escape);
  if (name === 'scratch') return emptyState(platform, target);
  return stateOnBase(await findBase(builder, name, platform, from.at), platform, target, from.at);
}

async function carryOut(
  builder: Builder,
  stage: Stage,
  state: StageState,
  instruction: Instruction,
  task: string,
): Promise<boolean> {
  const layer = await layerOf(builder, stage, state, instruction, task);
  const created = new Date(builder.epoch * 1000).toISOString().replace('.000Z', 'Z');
  const entry = { created, created_by: instruction.text };
  state.history.push(layer === undefined ? { ...entry, empty_layer: true } : entry);
  if (layer !== undefined) state.layers.push(layer);
  return layer?.cached ?? false;
}

async function layerOf(
  builder: Builder,
  stage: Stage,
  state: StageState,
  instruction: Instruction,
  task: string,
): Promise<StageLayer | undefined> {
  switch (instruction.kind) {
    case 'COPY':
    case 'ADD':
      return copyInstruction(builder, stage, state, instruction);
    case 'RUN':
      return runInstruction(builder, state, instruction, task);
    case 'APP':
    case 'CNI':
    case 'CSI':
      return appInstruction(builder, state, instruction);
    case 'WORKDIR': {
      const path = expandWord(instruction.path, stageScope(state), builder.kubefile.escape);
      state.workdir = `/${cleanDestination(state.workdir, path)}`;
      return makeWorkdir(builder, state, instruction.text, instruction.at);
    }
    default:
      note(builder, state, instruction);
      return undefined;
  }
}

type LayerKinds = 'COPY' | 'ADD' | 'RUN' | 'APP' | 'CNI' | 'CSI' | 'WORKDIR';

/** Instructions that say something and put nothing into a layer. */
function note(builder: Builder, state: StageState, instruction: Exclude<Instruction, { kind: LayerKinds }>): void {
  const { escape: escapeCharacter } = builder.kubefile;
  switch (instruction.kind) {
    case 'ENV':
      for (const [name, value] of expandPairs(instruction.pairs, stageScope(state), escapeCharacter))
        state.env.set(name, value);
      return;
    case 'LABEL':
      for (const [name, value] of expandPairs(instruction.pairs, stageScope(state), escapeCharacter))
        state.labels.set(name, value);
      return;
    case 'ARG':
      declareArgs(instruction, state, builder.globals(state.target));
      return;
    case 'MAINTAINER':
      state.author = instruction.name;
      return;
    case 'APPENV': {
      const app = appOf(state, instruction.app, instruction.at);
      const pairs = expandPairs(instruction.pairs, stageScope(state), escapeCharacter);
      state.apps.set(app.name, { ...app, env: new Map([...app.env, ...pairs]) });
      return;
    }
    case 'APPCMDS': {
      const app = appOf(state, instruction.app, instruction.at);
      state.apps.set(app.name, { ...app, commands: inAppFolder(app.name, instruction.commands) });
      return;
    }
    case 'LAUNCH':
      state.launch = { apps: instruction.apps, commands: [] };
      state.isLaunchOwn = true;
      return;
    case 'CMDS':
      state.launch = { apps: [], commands: instruction.commands };
      state.isLaunchOwn = true;
      return;
    case 'CMD':
      // The first CMD replaces what is inherited, the next ones add to it.
      state.launch = {
        apps: [],
        commands: [...(state.isLaunchOwn ? state.launch.commands : []), ...instruction.commands],
      };
      state.isLaunchOwn = true;
      return;
    case 'KUBEVERSION':
      state.labels.set(KUBE_VERSION_LABEL, instruction.constraint);
      return;
  }
}

function makeWorkdir(
  builder: Builder,
  state: StageState,
  createdBy: string,
  at: Place,
): Promise<StageLayer | undefined> {
  const { workdir } = state;
  return makeLayer(builder, state, {
    kind: 'rootfs',
    createdBy,
    inputs: ['workdir', workdir],
    content: (lower) => {
      if (lower.isDirectory(lower.resolve(workdir.slice(1)))) return { entries: [], removed: [] };
      const plan = { sources: [], destination: `${workdir}/`, workdir: '/', sourceCount: 0, at };
      return { entries: planCopy(plan, lower), removed: [] };
    },
  });
}

/**
 * Every app that is named must be inherited or declared; told before anything runs.
 * @throws SealerError UNKNOWN_APP
 */
function checkAppNames(stage: Stage, state: StageState): void {
  const declared = stage.instructions.flatMap((each) =>
    each.kind === 'APP' || each.kind === 'CNI' || each.kind === 'CSI' ? [each.name] : [],
  );
  const known = new Set([...state.apps.keys(), ...declared]);
  for (const each of stage.instructions) {
    const named =
      each.kind === 'LAUNCH' ? each.apps : each.kind === 'APPENV' || each.kind === 'APPCMDS' ? [each.app] : [];
    for (const name of named) if (!known.has(name)) throw unknownApp(name, known, each.at);
  }
}

function appOf(state: StageState, name: string, at: Place) {
  const app = state.apps.get(name);
  if (app !== undefined) return app;
  throw unknownApp(name, state.apps.keys(), at);
}

function unknownApp(name: string, known: Iterable<string>, at: Place): SealerError {
  const names = [...known];
  const others = names.length === 0 ? 'There are no apps.' : `There are ${listNames(names)}.`;
  return new SealerError('UNKNOWN_APP', `There is no app ${name}`, {
    at,
    hint: didYouMean(name, names) ?? `Declare it by APP ${name} … first. ${others}`,
  });
}

async function asTask(builder: Builder, id: string, label: string, work: () => Promise<boolean>): Promise<void> {
  const { report } = builder.world;
  report({ type: 'start', id, label, unit: 'items' });
  try {
    const isCached = await work();
    report({ type: 'end', id, outcome: isCached ? 'cached' : 'done' });
  } catch (error) {
    report({ type: 'end', id, outcome: builder.world.signal?.aborted === true ? 'cancelled' : 'failed' });
    throw error;
  }
}

/** Whether an instruction does something that takes time; the others only say something about the image. */
function isWork({ kind }: Instruction): boolean {
  return ['COPY', 'ADD', 'RUN', 'APP', 'CNI', 'CSI'].includes(kind);
}

/** Which of several stages and platforms this is; nothing where there is one. */
function where({ kubefile, options }: Builder, stage: Stage, target: Platform): string {
  const platform = options.platforms.length > 1 ? [formatPlatform(target)] : [];
  const name = kubefile.stages.length > 1 ? [stage.name ?? `stage ${stage.index}`] : [];
  const parts = [...platform, ...name];
  return parts.length === 0 ? '' : `[${parts.join(' ')}] `;
}

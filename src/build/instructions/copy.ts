/** COPY and ADD. */

import { join } from 'node:path';
import { type Place, SealerError } from '../../error.ts';
import type { CopyInstruction, Heredoc, Stage, Word } from '../../kubefile/ast.ts';
import { copyStage, expandHeredoc, expandWord } from '../../kubefile/index.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../../oci/digest.ts';
import { type Builder, warn } from '../builder.ts';
import { type Gathered, gatherFromContext, gatherFromTree, parseMode, withMode } from '../context/gather.ts';
import { download, fileNameOf, isUrl } from '../download/download.ts';
import { makeLayer } from '../layers/make-layer.ts';
import { findBase } from '../stage/bases.ts';
import { ensureRootfs, rootfsTree } from '../stage/rootfs.ts';
import { sourceScope, stageScope } from '../stage/scope.ts';
import { chainOf, type StageLayer, type StageState } from '../stage/state.ts';
import { stateOnBase } from '../stage/state-on-base.ts';
import { isArchive, loadArchive } from './archive.ts';
import { type CopySource, planCopy } from './destination.ts';

/**
 * Carries out a COPY or ADD.
 * @returns the layer, or undefined if there was nothing to copy
 */
export async function copyInstruction(
  builder: Builder,
  stage: Stage,
  state: StageState,
  instruction: CopyInstruction,
): Promise<StageLayer | undefined> {
  const { at } = instruction;
  const expand = (word: Word): string => expandWord(word, stageScope(state), builder.kubefile.escape);
  const destination = expand(instruction.destination);
  const mode = instruction.chmod === undefined ? undefined : parseMode(expand(instruction.chmod), at);
  if (instruction.chown !== undefined) {
    warn(builder, { code: 'BAD_FLAG', message: '--chown has no effect: everything in a layer belongs to root', at });
  }
  const gathered: Gathered[] = [];
  for (const source of instruction.sources) gathered.push(await gather(builder, stage, state, instruction, source));
  const { workdir } = state;
  return makeLayer(builder, state, {
    kind: 'rootfs',
    createdBy: instruction.text,
    inputs: ['copy', destination, workdir, mode ?? '', gathered.map(({ inputs }) => inputs)],
    content: async (lower) => {
      const sources = (await Promise.all(gathered.map(({ load }) => load()))).flat();
      const sourceCount = instruction.sources.length;
      const plan = { sources: withMode(sources, mode), destination, workdir, sourceCount, at };
      return { entries: planCopy(plan, lower), removed: [] };
    },
  });
}

async function gather(
  builder: Builder,
  stage: Stage,
  state: StageState,
  instruction: CopyInstruction,
  source: Word | Heredoc,
): Promise<Gathered> {
  if ('content' in source) return gatherHeredoc(builder, state, source);
  const { from, kind, at } = instruction;
  const scope = sourceScope(state, builder.globals(state.target));
  const path = expandWord(source, scope, builder.kubefile.escape);
  if (from !== undefined) return gatherFrom(builder, stage, state, from, path, source.at);
  if (kind === 'COPY') return gatherFromContext(builder, path, source.at);
  if (isUrl(path)) {
    const checksum =
      instruction.checksum === undefined ? undefined : expandWord(instruction.checksum, scope, builder.kubefile.escape);
    return gatherUrl(builder, path, checksum, source.at);
  }
  if (instruction.checksum !== undefined) {
    throw new SealerError('BAD_FLAG', '--checksum is for a URL', {
      at,
      hint: 'Leave it out for files of the context.',
    });
  }
  return gatherForAdd(builder, path, source.at);
}

function gatherHeredoc(builder: Builder, state: StageState, heredoc: Heredoc): Gathered {
  const bytes = Buffer.from(expandHeredoc(heredoc, stageScope(state), builder.kubefile.escape));
  const digest = hexOf(digestOf(bytes));
  const entry = { path: '', type: 'file', mode: 0o644, size: bytes.length, content: { bytes }, digest } as const;
  const source: CopySource = { name: heredoc.name, isDirectory: false, entries: [entry] };
  return { inputs: ['heredoc', heredoc.name, digest], files: [heredoc.name], load: async () => [source] };
}

async function gatherFrom(
  builder: Builder,
  current: Stage,
  state: StageState,
  from: Word,
  path: string,
  at: Place,
): Promise<Gathered> {
  const name = expandWord(from, stageScope(state), builder.kubefile.escape);
  const stage = copyStage(builder.kubefile, current, name);
  const other =
    stage === undefined
      ? stateOnBase(await findBase(builder, name, state.platform, from.at), state.platform, state.target, from.at)
      : await builder.stage(stage.index, state.target);
  const label = stage === undefined ? `the image ${name}` : `the stage ${stage.name ?? stage.index}`;
  const open = async () => rootfsTree(await ensureRootfs(builder, other), label);
  return gatherFromTree(builder, chainOf(other), open, path, at);
}

/**
 * Gathers one downloaded file.
 * @param checksum `sha256:<hex>`
 */
export async function gatherUrl(
  builder: Builder,
  url: string,
  checksum: string | undefined,
  at: Place,
): Promise<Gathered> {
  const got = await download(builder, url, checksum === undefined ? undefined : parseChecksum(checksum, at), at);
  const name = fileNameOf(url, at);
  const { file, digest, size } = got;
  const entry = { path: '', type: 'file', mode: 0o644, size, content: { file }, digest } as const;
  return {
    inputs: ['url', name, digest],
    files: [name],
    load: async () => [{ name, isDirectory: false, entries: [entry] }],
  };
}

/** A local archive is unpacked; the archive's digest says all about what comes out of it. */
async function gatherForAdd(builder: Builder, path: string, at: Place): Promise<Gathered> {
  const plain = await gatherFromContext(builder, path, at);
  const { root } = builder.context.tree;
  const isToUnpack = new Map<CopySource, boolean>();
  for (const source of await plain.load()) {
    const [only] = source.entries;
    const isFile = !source.isDirectory && only?.type === 'file' && only.origin !== undefined;
    isToUnpack.set(source, isFile && (await isArchive(join(root, only.origin), at)));
  }
  const load = async (): Promise<readonly CopySource[]> => {
    const sources: CopySource[] = [];
    for (const [source, isTar] of isToUnpack) {
      const file = join(root, source.entries[0]?.origin ?? '');
      sources.push(isTar ? await loadArchive(builder, file) : source);
    }
    return sources;
  };
  return { inputs: ['add', plain.inputs, [...isToUnpack.values()]], files: [], load };
}

/**
 * Reads the value of --checksum.
 * @throws SealerError BAD_FLAG
 */
export function parseChecksum(text: string, at: Place): Digest {
  if (isDigest(text) && text.startsWith('sha256:')) return text;
  throw new SealerError('BAD_FLAG', `--checksum=${text} is not a checksum`, {
    at,
    hint: 'Write --checksum=sha256:<64 hex digits>.',
  });
}

/** Lint without building: the Kubefile, and the manifests and image lists that it takes from the context. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize, resolve } from 'node:path';
import { readKubefile, warnOfCopiedContents } from '../build/index.ts';
import { discover, isDiscoverable } from '../discover/index.ts';
import type { Problem } from '../error.ts';
import type { Instruction, Kubefile, Word } from '../kubefile/ast.ts';
import { checkKubefile, parseKubefile } from '../kubefile/index.ts';

export interface LintOptions {
  readonly file?: string | undefined;
  readonly target?: string | undefined;
}

export interface LintResult {
  /** The Kubefile, as it is named in places. */
  readonly file: string;
  readonly problems: readonly Problem[];
}

/** Larger files are no manifests that people write; discovery at build time says so itself. */
const MAX_FILE_BYTES = 4 << 20;

/**
 * Finds every problem that can be told without building.
 * @param context the folder of the build, as the user wrote it: places are relative to the same folder
 * @throws SealerError KUBEFILE_NOT_FOUND, PERMISSION
 */
export async function lintContext(context: string, options: LintOptions = {}): Promise<LintResult> {
  const { file, text } = readKubefile(context, options.file);
  const { kubefile, problems } = parseKubefile(text, file);
  const checked = checkKubefile(kubefile, options.target === undefined ? {} : { target: options.target });
  const copied = warnOfCopiedContents(kubefile, context);
  return { file, problems: [...problems, ...checked, ...copied, ...(await lintManifests(kubefile, context))] };
}

/** Problems of manifests, with the place in the context rather than in the rootfs that they would get to. */
async function lintManifests(kubefile: Kubefile, context: string): Promise<readonly Problem[]> {
  const sources = new Map<string, string>();
  for (const stage of kubefile.stages) {
    for (const instruction of stage.instructions) {
      for await (const { path, rootfsPath } of filesOf(instruction, context)) {
        if (isDiscoverable(rootfsPath)) sources.set(rootfsPath, path);
      }
    }
  }
  const contents = new Map<string, Buffer>();
  for (const [rootfsPath, path] of sources) {
    if ((await stat(path)).size <= MAX_FILE_BYTES) contents.set(rootfsPath, await readFile(path));
  }
  return (await discover(contents)).problems.map((problem) => {
    const path = problem.at === undefined ? undefined : sources.get(problem.at.file);
    return path === undefined ? problem : { ...problem, at: { ...problem.at, file: path } };
  });
}

interface TakenFile {
  readonly path: string;
  readonly rootfsPath: string;
}

/** What an instruction takes from the context. What needs variables, a network or another stage is left to the build. */
async function* filesOf(instruction: Instruction, context: string): AsyncGenerator<TakenFile> {
  switch (instruction.kind) {
    case 'APP':
    case 'CNI':
    case 'CSI':
      for (const source of instruction.sources) {
        yield* filesBelow(source, context, `application/apps/${instruction.name}/`);
      }
      return;
    case 'COPY':
    case 'ADD': {
      if (instruction.from !== undefined) return;
      const destination = literal(instruction.destination);
      const isFolder = destination?.endsWith('/') === true || instruction.sources.length > 1;
      for (const source of instruction.sources) {
        if (destination === undefined || !('text' in source)) continue;
        yield* filesBelow(source, context, isFolder ? `${destination}/` : destination);
      }
      return;
    }
    default:
  }
}

async function* filesBelow(source: Word, context: string, destination: string): AsyncGenerator<TakenFile> {
  const text = literal(source)?.replace(/^local:\/\//, '');
  if (text === undefined || /^[a-z]+:\/\//.test(text)) return;
  const path = join(context, normalize(`/${text}`));
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) {
    const isFolder = destination.endsWith('/');
    yield { path, rootfsPath: inRootfs(isFolder ? join(destination, basename(path)) : destination) };
  }
  if (found?.isDirectory() !== true) return;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const below = resolve(file).slice(resolve(path).length + 1);
    yield { path: file, rootfsPath: inRootfs(join(destination, below)) };
  }
}

function inRootfs(path: string): string {
  const clean = normalize(`/${path}`).slice(1);
  return dirname(clean) === '.' ? basename(clean) : clean;
}

/** The word as it will be, when that can be told from the word alone. */
function literal({ text }: Word): string | undefined {
  return /[$*?[\\]/.test(text) ? undefined : text.replace(/^(["'])(.*)\1$/, '$2');
}

/** Builds a kustomization with `kubectl kustomize`, and knows where each part of the result comes from. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { SealerError } from '../../error.ts';
import { captureCommand, OutputTooLarge } from '../../process/capture.ts';
import { documentAt } from '../chart/documents.ts';
import { createLocator, type SourceText } from '../place/locator.ts';
import { createRank } from '../place/rank.ts';
import { privateEnv } from '../private-env.ts';
import type { RenderCache } from '../render-cache.ts';
import type { KustomizationRequest, Rendered } from '../rendering.ts';
import { type ScratchFolder, writeFiles } from '../scratch-files.ts';
import { writeHelmShim } from './helm-shim.ts';
import { kustomizeError } from './kustomize-error.ts';
import { pathInTree, takeOrigins } from './origins.ts';
import { type Kustomization, readKustomizations } from './read-kustomization.ts';

export interface KustomizeTools {
  /** Path of kubectl. */
  readonly kubectl: string;
  /** Finds helm, for kustomizations that inflate charts. */
  readonly helm: () => Promise<string>;
  readonly scratch: (label: string) => Promise<ScratchFolder>;
  readonly cache: RenderCache | undefined;
}

const MAX_OUTPUT = 128 * 1024 ** 2;
/** Where the user's files and our own kustomization are in the scratch folder. */
const TREE = 'tree';
const OUTERMOST = 'outermost';

/** @throws SealerError KUSTOMIZATION_INVALID; HELM_NOT_FOUND; the reason of the signal */
export async function buildKustomization(asked: KustomizationRequest, tools: KustomizeTools): Promise<Rendered> {
  const kustomizations = readKustomizations(asked.files, asked.folder);
  const request = { ...asked, files: filesOf(asked.files, kustomizations) };
  const output = await outputOf(request, kustomizations, tools);
  const fallback = kustomizations[0]?.file ?? request.folder;
  const fileOf = (path: string): string => pathInTree(OUTERMOST, TREE, path) ?? fallback;
  const { lines, documents } = takeOrigins(output, fileOf, fallback);
  const locator = createLocator();
  const rank = createRank(lines, documents);
  const values = valueFiles(request.files, kustomizations);
  return {
    text: lines.join('\n'),
    documents,
    place(line, value) {
      const source = documentAt(documents, line)?.source ?? fallback;
      const content = request.files.get(source);
      if (content === undefined) return { file: source };
      const template = { place: source, content };
      return locator.locate({ line: lines[line - 1] ?? '', value, template, values, rank: rank(source, line) });
    },
  };
}

/** kustomize reads nothing outside of the folders of kustomizations, and the rootfs may be large. */
function filesOf(
  files: ReadonlyMap<string, Buffer>,
  kustomizations: readonly Kustomization[],
): ReadonlyMap<string, Buffer> {
  const folders = kustomizations.map(({ folder }) => `${folder}/`);
  return new Map([...files].filter(([path]) => folders.some((folder) => path.startsWith(folder))));
}

/** Kustomizations first, since an image that is not as it was has most likely been changed by `images:`; then patches. */
function valueFiles(
  files: ReadonlyMap<string, Buffer>,
  kustomizations: readonly Kustomization[],
): readonly SourceText[] {
  const own = kustomizations.map(({ file, content }): SourceText => ({ place: file, content }));
  const folders = new Set(kustomizations.map(({ folder }) => folder));
  const names = new Set(own.map(({ place }) => place));
  const others = [...files].flatMap(([place, content]): SourceText[] =>
    folders.has(posix.dirname(place)) && !names.has(place) ? [{ place, content }] : [],
  );
  return [...own, ...others];
}

async function outputOf(
  request: KustomizationRequest,
  kustomizations: readonly Kustomization[],
  tools: KustomizeTools,
): Promise<string> {
  const key = await tools.cache?.key(tools.kubectl, ['kustomize', request.folder], request.files);
  const known = key === undefined ? undefined : await tools.cache?.read(key);
  if (known !== undefined) return known;
  await using folder = await tools.scratch('kustomization');
  try {
    await writeFiles(join(folder.path, TREE), request.files);
  } catch (error) {
    throw new SealerError('KUSTOMIZATION_INVALID', 'The files of the kustomization cannot be written to a folder', {
      at: { file: kustomizations[0]?.file ?? request.folder },
      cause: error,
    });
  }
  await writeOutermost(folder.path, request.folder, kustomizations[0]?.isComponent === true);
  const output = await run(request, kustomizations, tools, folder.path);
  if (key !== undefined) await tools.cache?.write(key, output);
  return output;
}

/** An overlay of ours over the user's: only the outermost kustomization can ask for origins. */
async function writeOutermost(scratch: string, folder: string, isComponent: boolean): Promise<void> {
  await mkdir(join(scratch, OUTERMOST));
  const overlay = {
    [isComponent ? 'components' : 'resources']: [posix.join('..', TREE, folder)],
    buildMetadata: ['originAnnotations'],
  };
  await writeFile(join(scratch, OUTERMOST, 'kustomization.yaml'), JSON.stringify(overlay));
}

async function run(
  request: KustomizationRequest,
  kustomizations: readonly Kustomization[],
  tools: KustomizeTools,
  scratch: string,
): Promise<string> {
  const charts: string[] = [];
  if (kustomizations.some(({ hasCharts }) => hasCharts)) {
    const shim = join(scratch, 'helm');
    await writeHelmShim(shim, await tools.helm());
    charts.push('--enable-helm', `--helm-command=${shim}`);
  }
  try {
    const home = join(scratch, 'home');
    await mkdir(home);
    const { code, stdout, stderr } = await captureCommand({
      argv: [tools.kubectl, 'kustomize', OUTERMOST, ...charts],
      cwd: scratch,
      env: privateEnv(home),
      limit: MAX_OUTPUT,
      signal: request.signal,
    });
    if (code === 0) return stdout.toString();
    throw kustomizeError(stderr, scratch, kustomizations, request.files);
  } catch (error) {
    if (!(error instanceof OutputTooLarge)) throw error;
    const at = { file: kustomizations[0]?.file ?? request.folder };
    throw new SealerError('KUSTOMIZATION_INVALID', 'The kustomization builds to more than 128 MiB', {
      at,
      cause: error,
    });
  }
}

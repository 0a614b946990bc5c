/** APP, CNI and CSI: an application's files below application/apps/, and how it is launched. */

import { type Place, SealerError } from '../../error.ts';
import type { AppInstruction, Word } from '../../kubefile/ast.ts';
import { expandWord } from '../../kubefile/index.ts';
import type { Builder } from '../builder.ts';
import { withDependencies } from '../charts/dependencies.ts';
import { gatherOciChart, gatherRepositoryChart } from '../charts/gather-chart.ts';
import { isOciChart } from '../charts/oci-chart.ts';
import { parseChartFlag } from '../charts/repository.ts';
import { type Gathered, gatherFromContext } from '../context/gather.ts';
import { isUrl } from '../download/download.ts';
import { makeLayer } from '../layers/make-layer.ts';
import { sourceScope } from '../stage/scope.ts';
import type { StageLayer, StageState } from '../stage/state.ts';
import { type App, appFolder, defaultCommands, detectKind, inAppFolder } from './app-kind.ts';
import { gatherUrl, parseChecksum } from './copy.ts';
import { type LowerTree, planCopy, sortByPath } from './destination.ts';
import { gatherValues, valuesFolder } from './value-sets.ts';

/** What another reader takes a network plugin or storage driver from (sealerio/sealer, pkg/define/image/v1/label.go). */
const PLUGIN_LABELS = {
  CNI: 'cluster.alpha.sealer.io/kube-cni-',
  CSI: 'cluster.alpha.sealer.io/kube-csi-',
} as const;

/**
 * Carries out an APP, CNI or CSI. An app that the base image has under the same name is replaced, files and all.
 * @throws SealerError SOURCE_NOT_FOUND, BAD_ARGUMENTS, BAD_FLAG; of remote charts CHART_NOT_FOUND, CHART_INVALID
 */
export async function appInstruction(
  builder: Builder,
  state: StageState,
  instruction: AppInstruction,
): Promise<StageLayer | undefined> {
  const { name, kind, at, text } = instruction;
  const gathered = await gatherSources(builder, state, instruction);
  const values = await gatherValues(builder, instruction, sourceScope(state, builder.globals(state.target)));
  const valuesFiles = values.flat();
  const files = gathered.flatMap((each) => each.files);
  const app = describeApp(
    name,
    files,
    at,
    values.map((set) => set.map(({ path }) => path)),
  );
  if (app.kind !== 'helm') refuseValues(instruction);
  const folders = [appFolder(name), valuesFolder(name)];
  const isReplaced = state.apps.has(name);
  const layer = await makeLayer(builder, state, {
    kind: 'app',
    createdBy: text,
    inputs: [
      'app',
      name,
      isReplaced,
      gathered.map(({ inputs }) => inputs),
      // As keys were before there were values.
      ...(valuesFiles.length === 0 ? [] : [valuesFiles.map(({ inputs }) => inputs)]),
    ],
    content: async (lower) => {
      const sources = (await Promise.all(gathered.map(({ load }) => load()))).flat();
      // Where the old app goes, nothing of it can be in the way.
      const below = isReplaced ? withoutFolders(lower, folders) : lower;
      const plan = { sources, destination: `/${appFolder(name)}/`, workdir: '/', sourceCount: sources.length, at };
      const planned = planCopy(plan, below);
      const laid = valuesFiles.flatMap(({ path, source }) =>
        planCopy({ sources: [source], destination: `/${path}`, workdir: '/', sourceCount: 1, at }, below),
      );
      const entries = sortByPath([...new Map([...planned, ...laid].map((entry) => [entry.path, entry])).values()]);
      const kept = new Set(entries.map(({ path }) => path));
      return { entries, removed: isReplaced ? folders.flatMap((folder) => goneFrom(lower.list(), folder, kept)) : [] };
    },
  });
  state.apps.set(name, app);
  if (kind !== 'APP') state.labels.set(`${PLUGIN_LABELS[kind]}${name}`, 'true');
  return layer;
}

/**
 * An app by its files.
 * @param valueSets paths in the rootfs; the first set is launched
 */
export function describeApp(
  name: string,
  files: readonly string[],
  at: Place,
  valueSets: readonly (readonly string[])[] = [],
): App {
  const { kind, launchFiles } = detectKind(files.toSorted());
  const commands = inAppFolder(name, defaultCommands(name, kind, launchFiles, valueSets[0]));
  return { name, kind, files: launchFiles, env: new Map(), valueSets, commands, at, isInherited: false };
}

/**
 * The source as a path of the context, or undefined for what comes from elsewhere: a URL, a chart of a registry.
 * @throws SealerError BAD_ARGUMENTS
 */
export function localSource(source: string, at: Place): string | undefined {
  if (source.startsWith('local://')) return source.slice('local://'.length);
  if (isUrl(source) || isOciChart(source)) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1];
  if (scheme === undefined) return source;
  throw new SealerError('BAD_ARGUMENTS', `APP cannot take ${scheme}:// sources`, {
    at,
    hint: 'Put it into the context, or give an http(s) address or a chart at oci://.',
  });
}

async function gatherSources(
  builder: Builder,
  state: StageState,
  instruction: AppInstruction,
): Promise<readonly Gathered[]> {
  const scope = sourceScope(state, builder.globals(state.target));
  const expand = (word: Word | undefined): string | undefined =>
    word === undefined ? undefined : expandWord(word, scope, builder.kubefile.escape);
  const checksum = expand(instruction.checksum);
  const chart = expand(instruction.chart);
  const gathered: Gathered[] = [];
  for (const source of instruction.sources) {
    const address = expandWord(source, scope, builder.kubefile.escape);
    if (chart === undefined) gathered.push(await gatherApp(builder, address, checksum, source.at));
    else
      gathered.push(await gatherFromRepository(builder, address, chart, checksum, instruction.chart?.at ?? source.at));
  }
  const [only] = instruction.sources.length === 1 ? instruction.sources : [];
  const folder = only === undefined ? undefined : localSource(expand(only) ?? '', only.at);
  return await withDependencies(builder, gathered, { folder, at: instruction.at });
}

async function gatherFromRepository(
  builder: Builder,
  repository: string,
  chart: string,
  checksum: string | undefined,
  at: Place,
): Promise<Gathered> {
  const sum = checksum === undefined ? {} : { checksum: parseChecksum(checksum, at) };
  return await gatherRepositoryChart(builder, { repository, ...parseChartFlag(chart, at), ...sum }, at);
}

/** Only helm reads values. */
function refuseValues({ values, kind, name }: AppInstruction): void {
  const at = values[0]?.[0]?.at;
  if (at === undefined) return;
  throw new SealerError('BAD_FLAG', `--values of ${kind} is for charts, and the app ${name} is none`, {
    at,
    hint: 'A chart is a folder with Chart.yaml and templates/, or one .tgz. Give other apps their settings by APPENV.',
  });
}

async function gatherApp(builder: Builder, source: string, checksum: string | undefined, at: Place): Promise<Gathered> {
  if (isOciChart(source) && checksum === undefined) return gatherOciChart(builder, source, at);
  const path = localSource(source, at);
  if (path === undefined && isUrl(source)) return gatherUrl(builder, source, checksum, at);
  if (checksum === undefined && path !== undefined) return gatherFromContext(builder, path, at);
  throw new SealerError('BAD_FLAG', '--checksum is for a URL', {
    at,
    hint: 'Leave it out for files of the context; a chart at oci:// takes its digest behind it: @sha256:….',
  });
}

function withoutFolders(lower: LowerTree, folders: readonly string[]): LowerTree {
  const isGone = (path: string): boolean => folders.some((folder) => path.startsWith(`${folder}/`));
  return {
    get: (path) => (isGone(path) ? undefined : lower.get(path)),
    resolve: (path) => lower.resolve(path),
    isDirectory: (path) => !isGone(path) && lower.isDirectory(path),
  };
}

/** What of a folder is not there any more: of a whole subfolder only its top. */
function goneFrom(lower: Iterable<{ readonly path: string }>, folder: string, kept: ReadonlySet<string>): string[] {
  const gone = new Set<string>();
  for (const { path } of lower) {
    if (path.startsWith(`${folder}/`) && !kept.has(path)) gone.add(path);
  }
  return [...gone].filter((path) => !gone.has(path.slice(0, path.lastIndexOf('/')))).sort();
}

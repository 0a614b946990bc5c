/** APP, CNI and CSI: an application's files below application/apps/, and how it is launched. */

import { type Place, SealerError } from '../../error.ts';
import type { AppInstruction } from '../../kubefile/ast.ts';
import { expandWord } from '../../kubefile/index.ts';
import type { Builder } from '../builder.ts';
import { type Gathered, gatherFromContext } from '../context/gather.ts';
import { isUrl } from '../download/download.ts';
import { makeLayer } from '../layers/make-layer.ts';
import { sourceScope } from '../stage/scope.ts';
import type { StageLayer, StageState } from '../stage/state.ts';
import { type App, appFolder, defaultCommands, detectKind, inAppFolder } from './app-kind.ts';
import { gatherUrl } from './copy.ts';
import { planCopy } from './destination.ts';

/** What another reader takes a network plugin or storage driver from (sealerio/sealer, pkg/define/image/v1/label.go). */
const PLUGIN_LABELS = {
  CNI: 'cluster.alpha.sealer.io/kube-cni-',
  CSI: 'cluster.alpha.sealer.io/kube-csi-',
} as const;

/**
 * Carries out an APP, CNI or CSI. An app that the base image has under the same name is replaced, files and all.
 * @throws SealerError SOURCE_NOT_FOUND, BAD_ARGUMENTS for sources that are not known yet
 */
export async function appInstruction(
  builder: Builder,
  state: StageState,
  instruction: AppInstruction,
): Promise<StageLayer | undefined> {
  const { name, kind, at, text } = instruction;
  const gathered: Gathered[] = [];
  for (const source of instruction.sources) {
    const scope = sourceScope(state, builder.globals(state.target));
    const checksum =
      instruction.checksum === undefined ? undefined : expandWord(instruction.checksum, scope, builder.kubefile.escape);
    gathered.push(await gatherApp(builder, expandWord(source, scope, builder.kubefile.escape), checksum, source.at));
  }
  const folder = appFolder(name);
  const isReplaced = state.apps.has(name);
  const layer = await makeLayer(builder, state, {
    kind: 'app',
    createdBy: text,
    inputs: ['app', name, isReplaced, gathered.map(({ inputs }) => inputs)],
    content: async (lower) => {
      const sources = (await Promise.all(gathered.map(({ load }) => load()))).flat();
      const destination = `/${folder}/`;
      // Where the old app goes, nothing of it can be in the way.
      const below = isReplaced ? withoutFolder(lower, folder) : lower;
      const entries = planCopy({ sources, destination, workdir: '/', sourceCount: sources.length, at }, below);
      return {
        entries,
        removed: isReplaced ? goneFrom(lower.list(), folder, new Set(entries.map(({ path }) => path))) : [],
      };
    },
  });
  state.apps.set(
    name,
    describeApp(
      name,
      gathered.flatMap(({ files }) => files),
      at,
    ),
  );
  if (kind !== 'APP') state.labels.set(`${PLUGIN_LABELS[kind]}${name}`, 'true');
  return layer;
}

/** An app by its files. */
export function describeApp(name: string, files: readonly string[], at: Place): App {
  const { kind, launchFiles } = detectKind(files.toSorted());
  const commands = inAppFolder(name, defaultCommands(name, kind, launchFiles));
  return { name, kind, files: launchFiles, env: new Map(), commands, at, isInherited: false };
}

/**
 * The source as a path of the context, or undefined for a URL.
 * @throws SealerError BAD_ARGUMENTS
 */
export function localSource(source: string, at: Place): string | undefined {
  if (source.startsWith('local://')) return source.slice('local://'.length);
  if (isUrl(source)) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1];
  if (scheme === undefined) return source;
  throw new SealerError('BAD_ARGUMENTS', `APP cannot take ${scheme}:// sources yet`, {
    at,
    hint: 'Put the chart or the manifests into the context, or give an http(s) address.',
  });
}

async function gatherApp(builder: Builder, source: string, checksum: string | undefined, at: Place): Promise<Gathered> {
  const path = localSource(source, at);
  if (path === undefined) return gatherUrl(builder, source, checksum, at);
  if (checksum === undefined) return gatherFromContext(builder, path, at);
  throw new SealerError('BAD_FLAG', '--checksum is for a URL', { at, hint: 'Leave it out for files of the context.' });
}

function withoutFolder(lower: Parameters<typeof planCopy>[1], folder: string): Parameters<typeof planCopy>[1] {
  const isGone = (path: string): boolean => path.startsWith(`${folder}/`);
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

/** The archives of container images that lie in a stage, and the lists beside them. */

import { type LocalArchive, localImageFile } from '../../local-images/index.ts';
import type { Builder } from '../builder.ts';
import { chainOf, contentLayers, mergedTree, type StageState } from '../stage/state.ts';
import { type FilePlace, openStageFile, readStageFiles } from './stage-files.ts';

export interface LocalFiles {
  readonly archives: readonly LocalArchive[];
  /** Text by path. */
  readonly lists: ReadonlyMap<string, string>;
}

/** Finds archives and lists below images/. Archives are opened only where they have to be read. */
export async function localFiles(builder: Builder, state: StageState): Promise<LocalFiles> {
  const { store, signal } = builder.world;
  const tree = await mergedTree(state, store, signal);
  const lists = new Map<string, FilePlace>();
  const archives: LocalArchive[] = [];
  for (const { path, type } of tree.list()) {
    const kind = type === 'directory' ? undefined : localImageFile(path);
    const place = kind === undefined ? undefined : tree.get(tree.resolve(path))?.origin;
    if (place === undefined) continue;
    if (kind !== 'archive') {
      lists.set(path, place);
      continue;
    }
    const layer = contentLayers(state)[place.layer];
    archives.push({
      name: path,
      isWanted: true,
      open: () => openStageFile(builder, state, place),
      identity: `layer ${layer?.diffId ?? chainOf(state).join(' ')} ${place.path}`,
    });
  }
  const texts = await readStageFiles(builder, state, lists);
  return { archives, lists: new Map([...texts].map(([path, bytes]) => [path, bytes.toString('utf8')])) };
}

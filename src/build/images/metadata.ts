/** `Metadata`, where older base images say what they are (sealerio/sealer before v0.9). */

import type { Builder } from '../builder.ts';
import { mergedTree, type StageState } from '../stage/state.ts';
import { readStageFiles } from './stage-files.ts';

/** More than this is no such file. */
const MAX_BYTES = 64 * 1024;

/** Its text, if the stage has it. */
export async function metadataOf(builder: Builder, state: StageState): Promise<string | undefined> {
  const tree = await mergedTree(state, builder.world.store, builder.world.signal);
  const origin = tree.get(tree.resolve('Metadata'))?.origin;
  if (origin === undefined || origin.size > MAX_BYTES) return undefined;
  const files = await readStageFiles(builder, state, new Map([['Metadata', origin]]));
  return files.get('Metadata')?.toString('utf8');
}

/** The OCI config of what a stage became (image-spec 1.1.1, config.md). */

import type { HistoryEntry, ImageConfig } from '../oci/image-config.ts';
import type { StageLayer, StageState } from './stage/state.ts';

/**
 * The config, its fields in the order of the Go structs that most tools write it with.
 * @param layers all layers, those that carry container images included
 * @param created RFC 3339
 */
export function imageConfig(state: StageState, layers: readonly StageLayer[], created: string): ImageConfig {
  const { os, architecture, variant } = state.platform;
  const added = layers.slice(state.layers.length);
  const history: HistoryEntry[] = [
    ...state.history,
    ...added.map(({ createdBy }) => ({ created, created_by: createdBy })),
  ];
  const env = [...state.env].map(([name, value]) => `${name}=${value}`);
  return {
    created,
    ...(state.author === undefined ? {} : { author: state.author }),
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: {
      ...(env.length === 0 ? {} : { Env: env }),
      ...(state.workdir === '/' ? {} : { WorkingDir: state.workdir }),
      Labels: sortedRecord(state.labels),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history,
  };
}

/** A map as an object whose keys stand in order. */
export function sortedRecord(map: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}

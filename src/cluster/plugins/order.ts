/** In which order plugins run. */

import type { PluginSpec } from '../../clusterfile/desired.ts';

/** The image's before the Clusterfile's, each by name: as the Go sealer has it. */
export function orderPlugins(image: readonly PluginSpec[], own: readonly PluginSpec[]): readonly PluginSpec[] {
  const byName = (specs: readonly PluginSpec[]) =>
    specs.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  return [...byName(image), ...byName(own)];
}

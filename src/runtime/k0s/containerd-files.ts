/** How k0s's containerd is told to take images from the cluster's own registry (k0s docs: runtime.md). */

import type { FootprintFile } from '../../hosts/index.ts';
import { mirrorFiles } from '../mirrors/index.ts';
import type { RegistryAccess } from '../runtime.ts';
import { isAtLeast } from '../version.ts';
import { MIRRORS_FOLDER } from './paths.ts';

/** Merged into k0s's own configuration, since 1.27. */
const DROP_IN = '/etc/k0s/containerd.d/sealer.toml';
/** The whole configuration; k0s leaves it alone as long as its first line is not `# k0s_managed=true`. */
const WHOLE = '/etc/k0s/containerd.toml';

/**
 * @param version of k0s: from 1.36 on it has containerd 2, refuses to start with a drop-in of version 2, and 1.35 does not
 *   understand one of version 3
 */
export function containerdFiles(version: string, registry: RegistryAccess): readonly FootprintFile[] {
  return [settings(version), ...mirrorFiles(registry, MIRRORS_FOLDER)];
}

/** Files of `containerdFiles` that k0s reads at its start only; it watches the others, or reads them at every pull. */
export function needsRestart(paths: readonly string[]): boolean {
  return paths.includes(WHOLE);
}

/** Where the settings of another version than this one would be, which has to go when the version changes. */
export function staleSettings(version: string): string {
  return isAtLeast(version, 1, 27) ? WHOLE : DROP_IN;
}

function settings(version: string): FootprintFile {
  const isSecond = isAtLeast(version, 1, 36);
  const plugin = isSecond ? 'io.containerd.cri.v1.images' : 'io.containerd.grpc.v1.cri';
  const lines = [
    '# Written by sealer.',
    `version = ${isSecond ? 3 : 2}`,
    `[plugins.${JSON.stringify(plugin)}.registry]`,
    `config_path = ${JSON.stringify(MIRRORS_FOLDER)}`,
    '',
  ];
  return { path: isAtLeast(version, 1, 27) ? DROP_IN : WHOLE, mode: 0o644, content: lines.join('\n') };
}

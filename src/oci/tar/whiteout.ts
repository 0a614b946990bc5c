/** Whiteouts: how a layer says that something of the layers below is gone (image-spec 1.1.1, layer.md#whiteouts). */

import type { TarEntry } from './entry.ts';

/** What the name of a whiteout starts with. No other file of a layer can have such a name. */
export const WHITEOUT_PREFIX = '.wh.';

/** The name of the marker that hides everything which the layers below have in its folder. */
export const OPAQUE_MARKER = '.wh..wh..opq';

/** The entry that removes a path (a folder with all it holds) that a lower layer has. */
export function whiteout(path: string): TarEntry {
  const slash = path.lastIndexOf('/') + 1;
  return {
    path: path.slice(0, slash) + WHITEOUT_PREFIX + path.slice(slash),
    type: 'file',
    mode: 0o644,
    size: 0,
    mtime: 0,
  };
}

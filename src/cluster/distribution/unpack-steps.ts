/**
 * What a host has to do to lay layers over one another (image-spec 1.1.1, layer.md). The host's tar knows nothing of
 * whiteouts, and follows the symlinks that earlier layers left; so the runner, which has read every layer's list, tells
 * what to remove and when, and refuses layers that would write elsewhere.
 */

import { SealerError } from '../../error.ts';
import { compressionOf } from '../../oci/compress/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { shortDigest } from '../../oci/digest.ts';
import { type Compression, OPAQUE_MARKER, WHITEOUT_PREFIX } from '../../oci/tar/index.ts';
import type { IndexEntry, LayerIndex } from '../../oci/tree/index.ts';
import { layerPlace } from './places.ts';

/** Paths are relative to the folder that is unpacked into; that of a layer to the cluster's folder. */
export type UnpackStep =
  | { readonly verb: Compression; readonly value: string }
  | { readonly verb: 'remove' | 'empty'; readonly value: string };

export interface ListedLayer {
  readonly descriptor: Descriptor;
  readonly index: LayerIndex;
}

/**
 * The steps that unpack layers into an empty folder, the lowest layer first.
 * @throws SealerError UNSAFE_ARCHIVE when a path leads through a symlink out of the folder
 */
export function unpackSteps(layers: readonly ListedLayer[]): readonly UnpackStep[] {
  const folder = new UnpackedFolder();
  return layers.flatMap((layer) => folder.lay(layer));
}

/** As many as Linux follows (ELOOP). */
const MAX_HOPS = 40;

/** What is in the folder after the steps so far. */
class UnpackedFolder {
  /** By path without symlinks on the way. A symlink's text where it is one. */
  readonly #entries = new Map<string, { readonly type: IndexEntry['type']; readonly link?: string | undefined }>();
  #hasSymlinks = false;

  lay({ descriptor, index }: ListedLayer): readonly UnpackStep[] {
    const name = shortDigest(descriptor.digest);
    const compression = compressionOf(descriptor.mediaType) ?? 'gzip';
    const before: UnpackStep[] = [];
    for (const path of index.opaques) before.push(...this.#clear(this.#inside(path, name, true), 'empty'));
    for (const path of index.whiteouts) before.push(...this.#clear(this.#real(path, name), 'remove'));
    const own = new Set<string>();
    for (const entry of index.entries) before.push(...this.#put(entry, name, own));
    // tar unpacks the markers like any other file.
    const markers = [
      ...index.opaques.map((path) => (path === '' ? OPAQUE_MARKER : `${path}/${OPAQUE_MARKER}`)),
      ...index.whiteouts.map(markerOf),
    ];
    return [
      ...before,
      { verb: compression, value: layerPlace(descriptor.digest) },
      ...markers.map((path): UnpackStep => ({ verb: 'remove', value: oneLine(path, name) })),
    ];
  }

  /** Places an entry; what is of another kind and in its way is to go first, as tar does not remove folders. */
  #put(entry: IndexEntry, layer: string, own: Set<string>): readonly UnpackStep[] {
    const path = this.#real(entry.path, layer);
    // A hard link to a file outside would be another name of it.
    if (entry.type === 'hardlink') this.#real(entry.linkname ?? '', layer);
    const there = this.#entries.get(path);
    const isInTheWay =
      there !== undefined && !own.has(path) && (there.type === 'directory') !== (entry.type === 'directory');
    const steps = isInTheWay ? this.#clear(path, 'remove') : [];
    if (entry.type === 'symlink') this.#hasSymlinks = true;
    own.add(path);
    this.#entries.set(path, { type: entry.type, link: entry.linkname });
    return steps;
  }

  #clear(path: string, verb: 'remove' | 'empty'): readonly UnpackStep[] {
    let found = false;
    for (const each of this.#entries.keys()) {
      if (each.startsWith(`${path}/`) || path === '' || (verb === 'remove' && each === path)) {
        found = this.#entries.delete(each);
      }
    }
    return found ? [{ verb, value: oneLine(path, 'a layer') }] : [];
  }

  /** A path with the symlinks before its last name followed. */
  #real(path: string, layer: string): string {
    const slash = path.lastIndexOf('/');
    if (slash === -1 || !this.#hasSymlinks) return path;
    const parent = this.#inside(path.slice(0, slash), layer, true);
    return parent === '' ? path.slice(slash + 1) : `${parent}${path.slice(slash)}`;
  }

  #inside(path: string, layer: string, followLast: boolean): string {
    if (!this.#hasSymlinks) return path;
    const rest = path.split('/').reverse();
    const at: string[] = [];
    let hops = 0;
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (at.pop() === undefined) throw leadsOut(path, layer);
        continue;
      }
      const entry = this.#entries.get([...at, name].join('/'));
      if (entry?.type !== 'symlink' || (rest.length === 0 && !followLast)) {
        at.push(name);
        continue;
      }
      hops += 1;
      const link = entry.link ?? '';
      // Relative to the host's root for the host's tar, whatever a container would make of it.
      if (link.startsWith('/') || hops > MAX_HOPS) throw leadsOut(path, layer);
      rest.push(...link.split('/').reverse());
    }
    return at.join('/');
  }
}

/** The file that says in a layer that a path is gone. */
function markerOf(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${WHITEOUT_PREFIX}${path.slice(slash)}`;
}

/** Steps go to the host as lines. */
function oneLine(path: string, layer: string): string {
  if (!path.includes('\n')) return path;
  throw new SealerError('UNSAFE_ARCHIVE', `${layer} has a line break in the name of a file: ${JSON.stringify(path)}`);
}

function leadsOut(path: string, layer: string): SealerError {
  return new SealerError(
    'UNSAFE_ARCHIVE',
    `The layer ${layer} has ${JSON.stringify(path)}, which leads through a symlink out of the rootfs`,
    { hint: 'Whoever built the image should make the symlink relative, or not write through it.' },
  );
}

/** What differs between two cluster images: container images, layers, apps, and what has to move from one to the other. */

import type { Digest } from '../oci/digest.ts';
import { formatReference, isReference, parseReference } from '../oci/reference.ts';
import type { ImageSpec, InspectedImage, InspectedLayer } from './inspect.ts';

/** Two cluster images, compared from what they say of themselves; plain data, printed as JSON. */
export interface ImageComparison {
  readonly from: ComparedImage;
  readonly to: ComparedImage;
  readonly images: {
    readonly added: readonly InspectedImage[];
    readonly removed: readonly InspectedImage[];
    readonly changed: readonly ImageChange[];
    /** How many are the same in both. */
    readonly same: number;
  };
  readonly layers: {
    readonly added: readonly InspectedLayer[];
    readonly removed: readonly InspectedLayer[];
    /** How many are in both, and their bytes. */
    readonly kept: number;
    readonly keptBytes: number;
  };
  readonly apps: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly AppChange[];
  };
  /** Bytes of layers that who has `from` needs for `to`. */
  readonly bytesToMove: number;
}

export interface ComparedImage {
  readonly name: string;
  /** Of the manifest that was compared. */
  readonly digest: Digest;
  /** Bytes of all layers. */
  readonly size: number;
}

/** One repository whose tag or digest is another now. */
export interface ImageChange {
  readonly from: InspectedImage;
  readonly to: InspectedImage;
}

export interface AppChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** What is compared of an image. */
export type Comparable = Pick<
  ImageSpec,
  'name' | 'digest' | 'size' | 'layers' | 'containerImageList' | 'imageExtension'
>;

/** Compares two images. What is added is in `to` alone. */
export function compareImages(from: Comparable, to: Comparable): ImageComparison {
  const [before, after] = [layersByDigest(from), layersByDigest(to)];
  const added = [...after.values()].filter(({ digest }) => !before.has(digest));
  const kept = [...after.values()].filter(({ digest }) => before.has(digest));
  return {
    from: { name: from.name, digest: from.digest, size: from.size },
    to: { name: to.name, digest: to.digest, size: to.size },
    images: compareContainerImages(from.containerImageList, to.containerImageList),
    layers: {
      added,
      removed: [...before.values()].filter(({ digest }) => !after.has(digest)),
      kept: kept.length,
      keptBytes: bytesOf(kept),
    },
    apps: compareApps(from, to),
    bytesToMove: bytesOf(added),
  };
}

/** A layer that stands twice moves once. */
function layersByDigest({ layers }: Comparable): ReadonlyMap<Digest, InspectedLayer> {
  return new Map(layers.map((layer) => [layer.digest, layer]));
}

function compareContainerImages(
  from: readonly InspectedImage[],
  to: readonly InspectedImage[],
): ImageComparison['images'] {
  const [before, after] = [byName(from), byName(to)];
  const isSame = ({ image, digest }: InspectedImage, others: ReadonlyMap<string, InspectedImage>) => {
    const other = others.get(image);
    return other !== undefined && other.digest === digest;
  };
  const gone = byRepository([...before.values()].filter((each) => !isSame(each, after)));
  const come = byRepository([...after.values()].filter((each) => !isSame(each, before)));
  const repositories = [...new Set([...gone.keys(), ...come.keys()])];
  const pairs = repositories.map((each) => pairUp(gone.get(each) ?? [], come.get(each) ?? []));
  const same = [...after.values()].filter((each) => isSame(each, before)).length;
  return {
    added: sorted(pairs.flatMap(({ added }) => added)),
    removed: sorted(pairs.flatMap(({ removed }) => removed)),
    changed: pairs.flatMap(({ changed }) => changed).toSorted((a, b) => compare(a.to.image, b.to.image)),
    same,
  };
}

/** Of one repository: the same tag with another digest belongs together; what is left, in the order of the names. */
function pairUp(olds: readonly InspectedImage[], news: readonly InspectedImage[]) {
  const isIn = (list: readonly InspectedImage[]) => (each: InspectedImage) =>
    list.some(({ image }) => image === each.image);
  const order = (list: readonly InspectedImage[], others: readonly InspectedImage[]) => [
    ...list.filter(isIn(others)),
    ...list.filter((each) => !isIn(others)(each)),
  ];
  const [before, after] = [order(olds, news), order(news, olds)];
  const count = Math.min(before.length, after.length);
  const changed = after.flatMap((to, i): readonly ImageChange[] => {
    const from = before[i];
    return from === undefined ? [] : [{ from, to }];
  });
  return { changed, added: after.slice(count), removed: before.slice(count) };
}

/** An image that several apps name is one image. */
function byName(images: readonly InspectedImage[]): ReadonlyMap<string, InspectedImage> {
  return new Map(images.map((each) => [each.image, each]));
}

function byRepository(images: readonly InspectedImage[]): ReadonlyMap<string, readonly InspectedImage[]> {
  return Map.groupBy(sorted(images), ({ image }) => repositoryOf(image));
}

/** Without tag and digest; what another tool wrote and is no reference stands for itself. */
function repositoryOf(image: string): string {
  if (!isReference(image)) return image;
  const { registry, repository } = parseReference(image);
  return formatReference({ registry, repository });
}

function compareApps(from: Comparable, to: Comparable): ImageComparison['apps'] {
  const [before, after] = [versionsOf(from), versionsOf(to)];
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after].flatMap(([name, version]) => {
      const old = before.get(name);
      return old === undefined || old === version ? [] : [{ name, from: old, to: version }];
    }),
  };
}

function versionsOf({ imageExtension }: Comparable): ReadonlyMap<string, string> {
  return new Map((imageExtension?.applications ?? []).map(({ name, version }) => [name, version]));
}

function bytesOf(layers: readonly InspectedLayer[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}

function sorted(images: readonly InspectedImage[]): InspectedImage[] {
  return images.toSorted((a, b) => compare(a.image, b.image));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

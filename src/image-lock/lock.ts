/** `images.lock`: what each name meant when the image was built. */

import type { Digest } from '../oci/digest.ts';

/** The lock's name in the context. */
export const LOCK_FILE = 'images.lock';

/** What `version` says in files of this form. */
export const LOCK_VERSION = 1;

/** How the reason of an image begins that no file names: the temporary cluster pulled it. */
export const FOUND_BY_RECORDING = 'found by recording';

/** A container image as it was. */
export interface LockedImage {
  /** Of the index, or of the manifest where there is no index. */
  readonly digest: Digest;
  /** Of manifests, by platform: `linux/amd64`. Empty if nobody has looked into the index. */
  readonly platforms: Readonly<Record<string, Digest>>;
  /** What names it, sorted: `manifests/web.yaml spec.containers[0].image`, `found by recording`. */
  readonly from: readonly string[];
}

/** A base image or a chart as it was. */
export interface LockedContent {
  readonly digest: Digest;
}

/** Each section by complete name. */
export interface ImageLock {
  readonly images: ReadonlyMap<string, LockedImage>;
  /** Cluster images that FROM and `COPY --from` name. */
  readonly bases: ReadonlyMap<string, LockedContent>;
  /** Charts from registries and repositories: `oci://registry.example.com/charts/x:1.2.3`. */
  readonly charts: ReadonlyMap<string, LockedContent>;
}

/** The sections, in the order of the file. */
export const LOCK_SECTIONS = ['images', 'bases', 'charts'] as const;

export type LockSection = (typeof LOCK_SECTIONS)[number];

/** A lock that knows nothing. */
export const EMPTY_LOCK: ImageLock = { images: new Map(), bases: new Map(), charts: new Map() };

/**
 * What a base image's name meant.
 * @param name complete
 */
export function lockedBase(lock: ImageLock, name: string): Digest | undefined {
  return lock.bases.get(name)?.digest;
}

/** What a chart's name and version meant. */
export function lockedChart(lock: ImageLock, name: string): Digest | undefined {
  return lock.charts.get(name)?.digest;
}

/** The images that a temporary cluster pulled, sorted by name: nothing else would find them again. */
export function recordedImages(lock: ImageLock): readonly string[] {
  return [...lock.images].flatMap(([name, { from }]) => (from.some(isRecording) ? [name] : [])).sort();
}

/** Whether a reason is that of a recording. */
export function isRecording(reason: string): boolean {
  return reason.startsWith(FOUND_BY_RECORDING);
}

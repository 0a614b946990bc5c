/** What differs between two locks. */

import { type Digest, shortDigest } from '../oci/digest.ts';
import { type ImageLock, LOCK_SECTIONS, type LockedContent, type LockedImage, type LockSection } from './lock.ts';

/** One name that stands for something else than before. That only the places which name it differ is no change. */
export interface LockChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly section: LockSection;
  readonly name: string;
  /** What it was; undefined for what is added. */
  readonly from?: Digest | undefined;
  /** What it is; undefined for what is removed. */
  readonly to?: Digest | undefined;
  /** Of images: the platforms that differ, sorted. */
  readonly platforms: readonly PlatformChange[];
}

export interface PlatformChange {
  readonly platform: string;
  readonly from?: Digest | undefined;
  readonly to?: Digest | undefined;
}

/** Finds the differences: images, bases, charts, each sorted by name. */
export function compareLocks(before: ImageLock, after: ImageLock): readonly LockChange[] {
  return LOCK_SECTIONS.flatMap((section) => {
    const names = [...new Set([...before[section].keys(), ...after[section].keys()])].sort();
    return names.flatMap((name) => compare(section, name, before[section].get(name), after[section].get(name)));
  });
}

/**
 * The differences as lines for people: `+ quay.io/team/app:v1 0123456789ab (linux/amd64)`, `- …`, and
 * `~ docker.io/library/nginx:1.27 0123456789ab → ba9876543210`, with the platforms of which more or less than that differs.
 */
export function describeChanges(changes: readonly LockChange[]): readonly string[] {
  return changes.map(({ kind, section, name, from, to, platforms }) => {
    const what = section === 'images' ? name : `${section.slice(0, -1)} ${name}`;
    if (kind === 'removed') return `- ${what} ${short(from)}`;
    const listed = platforms.map((each) => (kind === 'added' ? each.platform : describePlatform(each))).join(', ');
    const detail = listed === '' ? '' : ` (${listed})`;
    if (kind === 'added') return `+ ${what} ${short(to)}${detail}`;
    return from === to ? `~ ${what} ${short(from)}${detail}` : `~ ${what} ${short(from)} → ${short(to)}${detail}`;
  });
}

function compare(
  section: LockSection,
  name: string,
  before: LockedImage | LockedContent | undefined,
  after: LockedImage | LockedContent | undefined,
): readonly LockChange[] {
  const platforms = comparePlatforms(platformsOf(before), platformsOf(after));
  const change = { section, name, from: before?.digest, to: after?.digest, platforms };
  if (before === undefined) return [{ kind: 'added', ...change }];
  if (after === undefined) return [{ kind: 'removed', ...change }];
  return before.digest === after.digest && platforms.length === 0 ? [] : [{ kind: 'changed', ...change }];
}

function comparePlatforms(
  before: LockedImage['platforms'],
  after: LockedImage['platforms'],
): readonly PlatformChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .map((platform) => ({ platform, from: before[platform], to: after[platform] }))
    .filter(({ from, to }) => from !== to);
}

function platformsOf(entry: LockedImage | LockedContent | undefined): LockedImage['platforms'] {
  return entry !== undefined && 'platforms' in entry ? entry.platforms : {};
}

function describePlatform({ platform, from, to }: PlatformChange): string {
  if (from === undefined) return `${platform} is new`;
  return to === undefined ? `${platform} is gone` : `${platform} ${short(from)} → ${short(to)}`;
}

function short(digest: Digest | undefined): string {
  return digest === undefined ? '' : shortDigest(digest);
}

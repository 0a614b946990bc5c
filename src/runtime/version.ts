/** Versions of Kubernetes as images and kubelets tell them, and which step from one to another is allowed. */

import { SealerError } from '../error.ts';

/** `v1.20.2`, `v1.33.4+k3s1`, `v1.37.0-rc.1`. */
export interface KubeVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `rc.1`; empty for a release. */
  readonly preRelease: string;
  /** `k3s1`, `k0s.0`; empty if there is none. */
  readonly build: string;
}

const FORM = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

/**
 * Reads a version, with or without its `v`.
 * @throws SealerError IMAGE_UNFIT
 */
export function parseKubeVersion(text: string): KubeVersion {
  const found = FORM.exec(text.trim());
  if (found === null) {
    throw new SealerError('IMAGE_UNFIT', `"${text.slice(0, 80)}" is no version of Kubernetes`, {
      hint: 'Give the version as v1.30.2 in the Metadata file of the cluster image.',
    });
  }
  const [, major, minor, patch, preRelease = '', build = ''] = found;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), preRelease, build };
}

/** Less than 0 if `a` is older than `b`, 0 if they are equal; builds of one version are compared as well. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseKubeVersion(a), parseKubeVersion(b)];
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePreReleases(left.preRelease, right.preRelease) ||
    compareWords(left.build, right.build)
  );
}

/** Whether a version is of this minor or of a later one. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const parsed = parseKubeVersion(version);
  return parsed.major > major || (parsed.major === major && parsed.minor >= minor);
}

/** Whether two versions are of one minor. */
export function isSameMinor(one: string, other: string): boolean {
  const [a, b] = [parseKubeVersion(one), parseKubeVersion(other)];
  return a.major === b.major && a.minor === b.minor;
}

/**
 * Passes if Kubernetes may go from one version to the other: the same or newer, and at most one minor further (version
 * skew policy: "upgrade one minor at a time").
 * @throws SealerError DOWNGRADE, UPGRADE_SKIPS_MINOR
 */
export function checkUpgrade(from: string, to: string): void {
  if (compareVersions(to, from) < 0) {
    throw new SealerError('DOWNGRADE', `the cluster has Kubernetes ${from}, and the image ${to}, which is older`, {
      hint: `Take an image with ${from} or later; an older Kubernetes comes back only with a snapshot of etcd.`,
    });
  }
  const [old, next] = [parseKubeVersion(from), parseKubeVersion(to)];
  if (next.major === old.major && next.minor <= old.minor + 1) return;
  throw new SealerError('UPGRADE_SKIPS_MINOR', `the way from Kubernetes ${from} to ${to} leaves out minor versions`, {
    hint: `Upgrade to an image with v${old.major}.${old.minor + 1} first.`,
  });
}

/** semver 11.3: a release is later than what came before it. */
function comparePreReleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  return compareWords(a, b);
}

/** `k3s2` is older than `k3s10`. */
function compareWords(a: string, b: string): number {
  return a === b ? 0 : a.localeCompare(b, 'en', { numeric: true });
}

/**
 * `versions.yaml` of a base image: what upstream gives for each version that we build, as data. Nothing of it is looked up
 * while an image is built.
 */

import type { Place } from '../error.ts';

export const BASE_RUNTIMES = ['k3s', 'k0s', 'kubeadm'] as const;
export type BaseRuntime = (typeof BASE_RUNTIMES)[number];

/** As OCI names them. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** What a set of assets is for: one platform, or all of them. */
export const ASSET_PLATFORMS = ['any', ...ARCHITECTURES.map((each) => `linux/${each}` as const)] as const;
export type AssetPlatform = (typeof ASSET_PLATFORMS)[number];

/** A file that upstream gives. */
export interface Asset {
  /** https, without a query. */
  readonly url: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** Files and container images, by the names that the Kubefile's arguments are made of. */
export interface Content {
  readonly assets: Readonly<Partial<Record<AssetPlatform, Readonly<Record<string, Asset>>>>>;
  /** References with a digest. */
  readonly images: Readonly<Record<string, string>>;
}

/** One version of a base image. */
export interface VersionEntry extends Content {
  /** As upstream writes it: `v1.33.4+k3s1`. */
  readonly version: string;
  /** Where upstream tells what is new. */
  readonly notes: string | undefined;
  /** Versions of what else is inside, for people: containerd, runc … */
  readonly components: Readonly<Record<string, string>>;
  /** What one variant has beside all that. */
  readonly variants: Readonly<Record<string, Content>>;
  readonly at: Place;
}

export interface VersionsFile {
  /** As the user named it. */
  readonly file: string;
  readonly runtime: BaseRuntime;
  readonly architectures: readonly Architecture[];
  /** Stages of the Kubefile; the first is the one without a suffix in its tags. Empty: the image has no variants. */
  readonly variants: readonly string[];
  /** What `--update` follows: `stable`, `v1.33`. */
  readonly channels: readonly string[];
  /** How many patch releases of a minor version stay. */
  readonly keep: number;
  /** What `--update` takes of other projects: the beginning of their versions, `2.1` for the newest 2.1.x. */
  readonly components: Readonly<Record<string, string>>;
  readonly versions: readonly VersionEntry[];
}

/** Major, minor and patch, and whatever is behind the plus: `v1.33.4+k3s1`, `v1.33.4+k0s.0`, `v1.33.4`. */
export const KUBE_VERSION = /^v(\d+)\.(\d+)\.(\d+)(?:\+([A-Za-z0-9.]+))?$/;

/** `v1.33.4` of `v1.33.4+k3s1`: what is the same for every build of one release of Kubernetes. */
export function plainVersion(version: string): string {
  return version.replace(/\+.*$/, '');
}

/** `v1.33` of `v1.33.4+k3s1`. */
export function minorVersion(version: string): string {
  return plainVersion(version).replace(/\.\d+$/, '');
}

/** Sorts versions: numbers as numbers; `v1.33.4+k3s2` is behind `v1.33.4+k3s1`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): readonly number[] {
  // The k of k3s and k0s is no part of the number behind it.
  return (version.replace(/\+k[03]s\.?/, '.').match(/\d+/g) ?? []).map(Number);
}

/** What is built of a `versions.yaml`: one cell for each version, variant and architecture, with the arguments of its build. */

import {
  type Architecture,
  type Asset,
  compareVersions,
  minorVersion,
  plainVersion,
  type VersionEntry,
  type VersionsFile,
} from './versions.ts';

export interface Cell {
  /** `kubeadm-v1.33.4-calico-arm64`: a name for jobs and files. */
  readonly id: string;
  /** Of the image: `kubeadm`. */
  readonly image: VersionsFile['runtime'];
  readonly version: string;
  /** The stage of the Kubefile; undefined where the image has no variants. */
  readonly variant: string | undefined;
  readonly platform: `linux/${Architecture}`;
  /** Names of ARGs, with their values. */
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** The images of one version and variant, which are one index under the same tags. */
export interface Release {
  readonly id: string;
  readonly image: VersionsFile['runtime'];
  readonly version: string;
  readonly variant: string | undefined;
  /** `v1.33.4` or `v1.33.4-calico`: that of the newest revision. */
  readonly tag: string;
  /** `v1.33`, where no newer patch release is in the file; these tags move. */
  readonly floating: readonly string[];
  readonly cells: readonly Cell[];
}

/** Where assets come from instead: the base of URLs by host, `https://mirror.example.com/gh` for `github.com`. */
export type Mirrors = Readonly<Record<string, string>>;

/** All releases of a file, newest first as they stand in it. */
export function releasesOf(versions: VersionsFile): readonly Release[] {
  const variants = versions.variants.length === 0 ? [undefined] : versions.variants;
  return versions.versions.flatMap((entry) => variants.map((variant) => releaseOf(versions, entry, variant)));
}

/** ARGs that lead downloads to mirrors; they are no part of what an image is, for its checksums are the same. */
export function mirrorArgs(mirrors: Mirrors): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(mirrors).map(([host, base]) => [argName(host), base.replace(/\/+$/, '')]));
}

/** `DL_K8S_IO` of `dl.k8s.io`, `CNI_PLUGINS` of `cni-plugins`: how Kubefiles name them. */
export function argName(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

function releaseOf(file: VersionsFile, entry: VersionEntry, variant: string | undefined): Release {
  const { runtime: image, architectures, versions } = file;
  const suffix = variant === undefined || variant === file.variants[0] ? '' : `-${variant}`;
  const minor = minorVersion(entry.version);
  const newer = versions.some(
    ({ version }) => minorVersion(version) === minor && compareVersions(version, entry.version) > 0,
  );
  const tag = `${plainVersion(entry.version)}${suffix}`;
  const named = { image, version: entry.version, variant };
  return {
    ...named,
    id: `${image}-${tag}`,
    tag,
    floating: newer ? [] : [`${minor}${suffix}`],
    cells: architectures.map((architecture) => ({
      ...named,
      id: `${image}-${plainVersion(entry.version)}${variant === undefined ? '' : `-${variant}`}-${architecture}`,
      platform: `linux/${architecture}`,
      buildArgs: argsOf(entry, variant, architecture),
    })),
  };
}

/** `VERSION`, and for each asset `K3S_PATH` and `K3S_SHA256`, for each image `PAUSE_IMAGE`; sorted by name. */
function argsOf(
  entry: VersionEntry,
  variant: string | undefined,
  architecture: Architecture,
): Readonly<Record<string, string>> {
  const own = variant === undefined ? undefined : entry.variants[variant];
  const contents = own === undefined ? [entry] : [entry, own];
  const args = new Map([['VERSION', entry.version]]);
  for (const { assets, images } of contents) {
    for (const platform of ['any', `linux/${architecture}`] as const) {
      for (const [name, asset] of Object.entries(assets[platform] ?? {})) addAsset(args, name, asset);
    }
    for (const [name, reference] of Object.entries(images)) args.set(`${argName(name)}_IMAGE`, reference);
  }
  return Object.fromEntries([...args].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The path is as upstream wrote it: `%2B` stays `%2B`. */
function addAsset(args: Map<string, string>, name: string, { url, sha256 }: Asset): void {
  args.set(`${argName(name)}_PATH`, url.replace(/^https:\/\/[^/]+/, ''));
  args.set(`${argName(name)}_SHA256`, sha256);
}

/** Versions of Kubernetes and k3s, as far as a temporary cluster has to tell them apart. */

/** `v1.33.4+k3s1` in parts. */
export interface KubeVersion {
  readonly major: number;
  readonly minor: number;
  /** Undefined: any. */
  readonly patch: number | undefined;
}

/** Reads `v1.33.4`, `1.33`, `v1.33.4+k3s1`, `v1.33.4-k3s1`, `1.33.x`. @returns undefined for anything else */
export function parseKubeVersion(text: string): KubeVersion | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+|x))?(?:[-+].*)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, major, minor, patch] = match;
  const isAny = patch === undefined || patch === 'x';
  return { major: Number(major), minor: Number(minor), patch: isAny ? undefined : Number(patch) };
}

/** The version that an image of Kubernetes in a container has in its tag; undefined where there is none. */
export function versionOfImage(image: string): KubeVersion | undefined {
  const tag = /:([^:/@]+)(?:@[^@]*)?$/.exec(image.replace(/@sha256:[0-9a-f]+$/, ''))?.[1];
  return tag === undefined ? undefined : parseKubeVersion(tag);
}

/** Patches of January 2024, the first of each minor with `disable-default-registry-endpoint` (k3s#9101). */
const FIRST_WITHOUT_DEFAULT: Readonly<Record<number, number>> = { 26: 13, 27: 10, 28: 6, 29: 1 };

/** Whether k3s of this version can be told to ask no registry but ours. An unknown version is taken for a new one. */
export function canDisableDefaultEndpoint(version: KubeVersion | undefined): boolean {
  if (version === undefined || version.major > 1 || version.minor > 29) return true;
  const first = FIRST_WITHOUT_DEFAULT[version.minor];
  return first !== undefined && (version.patch === undefined || version.patch >= first);
}

/** Which release this is, and which tags move to it. */

export interface ReleasePlan {
  readonly version: string;
  /** `v1.2.3`: never moves, and belongs to a release of GitHub, which may be immutable. */
  readonly tag: string;
  /**
   * `v1`, `v1.2`: tags that move and have no release of their own, as an immutable release would lock them. Empty for a prerelease, and
   * without those to which a later version has gone on already.
   */
  readonly moving: readonly string[];
  /** Names of the container images of this release: also `v1` before there is a 1.0.0, as programs name them by that. */
  readonly imageTags: readonly string[];
  /** Under which name npm gives this version to whoever asks for none. */
  readonly npmTag: 'latest' | 'next' | `v${number}`;
  readonly isPrerelease: boolean;
}

interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  readonly prerelease: string | undefined;
}

/**
 * Plans the release of a version.
 * @param text the version, as package.json has it
 * @param tags every tag of the repository
 * @throws Error when it is no version of SemVer
 */
export function planRelease(text: string, tags: readonly string[]): ReleasePlan {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`not a version: ${text}`);
  const [major, minor] = version.numbers;
  const isPrerelease = version.prerelease !== undefined;
  const released = tags
    .map((tag) => (tag.startsWith('v') ? parseVersion(tag.slice(1)) : undefined))
    .filter((each) => each !== undefined && each.prerelease === undefined);
  const isNewest = (count: 0 | 1 | 2): boolean =>
    released.every(
      (each) =>
        each === undefined ||
        each.numbers.slice(0, count).some((number, index) => number !== version.numbers[index]) ||
        compare(each, version) <= 0,
    );
  const moving = [...(isNewest(1) ? [`v${major}`] : []), ...(isNewest(2) ? [`v${major}.${minor}`] : [])];
  const isFirst = released.every((each) => each?.numbers[0] !== major);
  return {
    version: text,
    tag: `v${text}`,
    moving: isPrerelease ? [] : moving,
    imageTags: [`v${text}`, ...(!isPrerelease || isFirst ? moving : [])],
    npmTag: isPrerelease ? 'next' : isNewest(0) ? 'latest' : `v${major}`,
    isPrerelease,
  };
}

function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, prerelease] =
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([\da-z-]+(?:\.[\da-z-]+)*))?$/i.exec(text) ?? [];
  return major === undefined ? undefined : { numbers: [Number(major), Number(minor), Number(patch)], prerelease };
}

function compare(one: Version, other: Version): number {
  const difference = one.numbers.map((number, index) => number - (other.numbers[index] ?? 0));
  return difference.find((each) => each !== 0) ?? 0;
}

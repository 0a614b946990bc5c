/** Which image of k3s runs a Kubernetes version. */

import { SealerError } from '../error.ts';
import { formatReference, parseReference, type Reference } from '../oci/reference.ts';
import type { RegistryClient } from '../registry/client/index.ts';
import { type KubeVersion, parseKubeVersion } from './node/version.ts';

/** What runs where nothing says which Kubernetes is meant; raised with the project's releases. */
export const DEFAULT_MINOR = '1.33';

const REPOSITORY = parseReference('docker.io/rancher/k3s');

/**
 * The newest image of k3s that has a Kubernetes version, by digest: `docker.io/rancher/k3s:v1.33.4-k3s1@sha256:…`.
 * @param kubeVersion `v1.33.4`, `v1.33.4+k3s1` (exactly that), `1.33` (its newest patch); undefined = `DEFAULT_MINOR`
 * @throws SealerError IMAGE_NOT_FOUND when there is none; BAD_CONSTRAINT for what is no version; those of the client
 */
export async function chooseClusterImage(
  client: Pick<RegistryClient, 'tags' | 'resolve'>,
  kubeVersion: string | undefined,
): Promise<string> {
  const wanted = kubeVersion ?? DEFAULT_MINOR;
  const version = parseKubeVersion(wanted);
  if (version === undefined) {
    throw new SealerError('BAD_CONSTRAINT', `${wanted} is no Kubernetes version`, {
      hint: 'Write it as v1.33.4 or 1.33.',
    });
  }
  const exact = /[+-](k3s\d+)$/.exec(wanted)?.[1];
  const tag =
    exact === undefined
      ? await newestTag(client, version, wanted)
      : `v${version.major}.${version.minor}.${version.patch}-${exact}`;
  const named: Reference = { ...REPOSITORY, tag };
  try {
    const { digest } = await client.resolve(named);
    return formatReference({ ...named, digest });
  } catch (error) {
    if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND') throw noImage(wanted, [], error);
    throw error;
  }
}

async function newestTag(client: Pick<RegistryClient, 'tags'>, version: KubeVersion, wanted: string): Promise<string> {
  const releases: Release[] = [];
  for await (const tag of client.tags(REPOSITORY)) {
    const release = parseRelease(tag);
    if (release !== undefined) releases.push(release);
  }
  const fitting = releases.filter(
    ({ major, minor, patch }) =>
      major === version.major && minor === version.minor && (version.patch === undefined || patch === version.patch),
  );
  const newest = fitting.toSorted(byAge).at(-1);
  if (newest === undefined) throw noImage(wanted, nearest(releases, version));
  return newest.tag;
}

interface Release {
  readonly tag: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** The number behind `k3s`. */
  readonly build: number;
}

/** `v1.33.4-k3s1`; not `-rc1-k3s1`, not `-k3s1-amd64`. */
function parseRelease(tag: string): Release | undefined {
  const match = /^v(\d+)\.(\d+)\.(\d+)-k3s(\d+)$/.exec(tag);
  if (match === null) return undefined;
  const [major = 0, minor = 0, patch = 0, build = 0] = match.slice(1).map(Number);
  return { tag, major, minor, patch, build };
}

function byAge(a: Release, b: Release): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch || a.build - b.build;
}

/** What there is instead: the newest of the same minor, or else of all. */
function nearest(releases: readonly Release[], { major, minor }: KubeVersion): readonly string[] {
  const same = releases.filter((each) => each.major === major && each.minor === minor);
  return (same.length > 0 ? same : releases)
    .toSorted(byAge)
    .slice(-3)
    .map(({ tag }) => tag);
}

function noImage(wanted: string, instead: readonly string[], cause?: unknown): SealerError {
  const there = instead.length === 0 ? '' : ` There are ${instead.join(', ')}.`;
  return new SealerError('IMAGE_NOT_FOUND', `There is no image of k3s with Kubernetes ${wanted}`, {
    hint: `Name an image with --cluster-image.${there}`,
    cause,
  });
}

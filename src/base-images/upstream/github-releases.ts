/** Releases of projects on GitHub (docs.github.com/rest/releases). */

import { compareVersions } from '../versions.ts';
import { changed, readJson, type Upstream } from './upstream.ts';

export interface Release {
  readonly tag: string;
  /** A page for people. */
  readonly page: string;
}

/** Three hundred releases are two years of the busiest of them. */
const PAGES = 3;
const PER_PAGE = 100;

/**
 * Published releases of a repository, drafts and previews left out; at most some hundred, newest first as GitHub has them.
 * @throws SealerError DOWNLOAD_FAILED, UPSTREAM_CHANGED
 */
export async function githubReleases(upstream: Upstream, repository: string): Promise<readonly Release[]> {
  const found: Release[] = [];
  for (let page = 1; page <= PAGES; page++) {
    const url = `https://api.github.com/repos/${repository}/releases?per_page=${PER_PAGE}&page=${page}`;
    const answer = await readJson(upstream, url);
    if (!Array.isArray(answer)) throw changed(url, 'it is no list of releases');
    found.push(...answer.flatMap(readRelease));
    if (answer.length < PER_PAGE) break;
  }
  return found;
}

/**
 * The newest release whose version begins as wanted: `2.1` for 2.1.x; every release is `v2.1.5` or `2.1.5`.
 * @throws SealerError UPSTREAM_CHANGED when there is none
 */
export async function newestRelease(upstream: Upstream, repository: string, wanted: string): Promise<Release> {
  const releases = await githubReleases(upstream, repository);
  const newest = newestOf(
    releases.map(({ tag }) => tag),
    wanted,
  );
  const release = releases.find(({ tag }) => tag === newest);
  if (release === undefined) throw changed(`github.com/${repository}`, `no release is ${wanted} or begins so`);
  return release;
}

/** The newest of versions that begins as wanted, whole numbers only: `2.1` is no beginning of `2.10.0`. */
export function newestOf(versions: readonly string[], wanted: string): string | undefined {
  const start = wanted.replace(/^v/, '').replace(/\.$/, '');
  const fits = (version: string) => version === start || version.startsWith(`${start}.`);
  return versions
    .filter((version) => /^v?\d+(?:\.\d+)*$/.test(version) && fits(version.replace(/^v/, '')))
    .toSorted(compareVersions)
    .at(-1);
}

function readRelease(each: unknown): readonly Release[] {
  const { tag_name: tag, html_url: page, draft, prerelease } = Object(each) as Record<string, unknown>;
  if (typeof tag !== 'string' || draft === true || prerelease === true) return [];
  return [{ tag, page: typeof page === 'string' ? page : '' }];
}

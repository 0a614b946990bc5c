/** Chart repositories: a web address with an `index.yaml` (helm.sh/docs/topics/chart_repository). */

import { readFile } from 'node:fs/promises';
import { type Place, SealerError } from '../../error.ts';
import { type Digest, parseDigest } from '../../oci/digest.ts';
import type { Builder } from '../builder.ts';
import { type Download, download } from '../download/download.ts';
import { boundedFetch, refusingFetch } from './bounded-fetch.ts';
import { MAX_ARCHIVE_BYTES, readChartArchive } from './chart-archive.ts';
import { invalid } from './chart-facts.ts';
import { type ListedChart, parseChartIndex } from './chart-index.ts';
import { recallChart, rememberChart } from './chart-memory.ts';
import { fetchOciChart, isOciChart, parseOciChart } from './oci-chart.ts';
import { type ChartArchive, knowledgeOf, notStored, type WantedChart } from './remote-chart.ts';
import { compareVersions, parseRange, parseVersion } from './version-range.ts';

/** The largest index in the field has about 20 MB. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;

export interface RepositoryChart {
  /** The address that `helm repo add` takes. */
  readonly repository: string;
  readonly chart: string;
  /** Exact, or a range, of which the newest is taken. */
  readonly version: string;
  /** What the archive has to be. */
  readonly checksum?: Digest | undefined;
}

/**
 * Reads the value of `--chart`.
 * @throws SealerError BAD_FLAG
 */
export function parseChartFlag(text: string, at: Place): Pick<RepositoryChart, 'chart' | 'version'> {
  const [, chart, version = ''] = /^([A-Za-z0-9][A-Za-z0-9._-]*):(.+)$/s.exec(text.trim()) ?? [];
  if (chart !== undefined && parseRange(version) !== undefined) return { chart, version: version.trim() };
  throw new SealerError('BAD_FLAG', `--chart=${text} is not a chart and a version`, {
    at,
    hint: 'Write --chart=mysql:9.1.0, or a range: --chart="mysql:^9.1".',
  });
}

/** The name of a chart in the lock: no blanks, no user and password, no query. */
export function nameOfChart({ repository, chart, version }: RepositoryChart): string {
  const url = new URL(repository);
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.protocol}//${url.host}${path}#${chart}:${version.trim().replaceAll(/[\s,]+/g, ',')}`;
}

/**
 * Fetches a chart from its repository, or takes it from what was downloaded before. The archive must be what the index,
 * the lock or the user says it is.
 * @throws SealerError CHART_NOT_FOUND, CHART_INVALID, LOCK_STALE, DOWNLOAD_FAILED, CHECKSUM_MISMATCH, UNSAFE_REDIRECT
 */
export async function fetchRepositoryChart(builder: Builder, asked: RepositoryChart, at: Place): Promise<ChartArchive> {
  if (!URL.canParse(asked.repository) || !/^https?:/i.test(asked.repository)) {
    throw new SealerError('BAD_ARGUMENTS', `${asked.repository} is not the address of a chart repository`, { at });
  }
  const { store } = builder.world;
  const wanted: WantedChart = { name: nameOfChart(asked), at };
  const { pinned, last, isOffline } = knowledgeOf(builder, wanted, await recallChart(store, wanted.name));
  const isKnown = last !== undefined && (asked.checksum === undefined || asked.checksum === last.digest);
  const archive = isKnown
    ? await fetchKnown(builder, last.url, last.digest, wanted, isOffline)
    : await fetchListed(builder, asked, pinned, wanted, isOffline);
  const digest = parseDigest(`sha256:${archive.digest}`);
  if (pinned !== undefined && digest !== pinned) throw changed(builder, wanted, pinned, digest);
  await rememberChart(store, wanted.name, { digest, url: archive.url });
  builder.lock.charts.set(wanted.name, { digest });
  return archive;
}

type Fetched = ChartArchive & { readonly url: string };

/** What was fetched before is there under its digest; only if somebody emptied the cache it is fetched again. */
async function fetchKnown(
  builder: Builder,
  url: string | undefined,
  digest: Digest,
  wanted: WantedChart,
  isOffline: boolean,
): Promise<Fetched> {
  if (url === undefined) throw notStored(wanted);
  if (isOciChart(url)) return { ...(await fetchOciChart(builder, parseOciChart(url, wanted.at), wanted.at)), url };
  const call = isOffline
    ? refusingFetch(() => notStored(wanted))
    : boundedFetch(builder.world.fetch, MAX_ARCHIVE_BYTES);
  return { ...(await readDownload(await download(withFetch(builder, call), url, digest, wanted.at))), url };
}

async function fetchListed(
  builder: Builder,
  asked: RepositoryChart,
  pinned: Digest | undefined,
  wanted: WantedChart,
  isOffline: boolean,
): Promise<Fetched> {
  const { repository, chart, version, checksum } = asked;
  if (isOffline) throw notStored(wanted);
  const base = new URL(repository);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/`;
  const indexUrl = new URL('index.yaml', base);
  indexUrl.search = base.search;
  const call = boundedFetch(builder.world.fetch, MAX_INDEX_BYTES);
  const index = await download(withFetch(builder, call), indexUrl.href, undefined, wanted.at);
  const listed = choose(
    parseChartIndex(await readFile(index.file, 'utf8'), chart, wanted.name),
    asked,
    pinned ?? checksum,
    wanted,
  );
  const [first] = listed.urls;
  if (first === undefined) throw invalid(`${chart} ${listed.version} has no address in the index of its repository`);
  if (isOciChart(first)) {
    const source = /:[^/]+$/.test(first.slice('oci://'.length)) ? first : `${first}:${listed.version}`;
    return { ...(await fetchOciChart(builder, parseOciChart(source, wanted.at), wanted.at)), url: source };
  }
  const url = archiveUrl(first, base, listed);
  const expected = checksum ?? listed.digest;
  const fetching = boundedFetch(builder.world.fetch, MAX_ARCHIVE_BYTES);
  const archive = await readDownload(await download(withFetch(builder, fetching), url, expected, wanted.at));
  await checkIsWhatWasListed(archive, chart, listed, version, builder.world.signal);
  return { ...archive, url };
}

/** The very version, else the newest in the range; of those the one with the digest that it has to have. */
function choose(
  all: readonly ListedChart[],
  { chart, version }: RepositoryChart,
  digest: Digest | undefined,
  { name, at }: WantedChart,
): ListedChart {
  const exact = all.filter((each) => each.version === version || each.version === `v${version}`);
  const isIn = parseRange(version);
  const matching = exact.length > 0 ? exact : all.filter((each) => isIn?.(parsed(each.version)) === true);
  const newestFirst = matching.toSorted((a, b) => compareVersions(parsed(b.version), parsed(a.version)));
  const found = newestFirst.find((each) => digest !== undefined && each.digest === digest) ?? newestFirst[0];
  if (found !== undefined) return found;
  const there = all
    .toSorted((a, b) => compareVersions(parsed(b.version), parsed(a.version)))
    .slice(0, 5)
    .map((each) => each.version);
  throw new SealerError('CHART_NOT_FOUND', `${name}: the repository has no such version of ${chart}`, {
    at,
    hint: there.length === 0 ? `It has no chart ${chart}.` : `The newest there are ${there.join(', ')}.`,
  });
}

/** What is no version is older than everything. */
function parsed(version: string): NonNullable<ReturnType<typeof parseVersion>> {
  return parseVersion(version) ?? { major: -1, minor: 0, patch: 0, prerelease: '' };
}

function archiveUrl(written: string, base: URL, { digest }: ListedChart): string {
  const url = URL.canParse(written, base.href) ? new URL(written, base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalid(
      `The index of ${base.host} names an archive at an address that is not followed: ${written.slice(0, 200)}`,
    );
  }
  // What begins under TLS must not end without it, unless the index vouches for the bytes.
  if (base.protocol === 'https:' && url.protocol === 'http:' && digest === undefined) {
    throw new SealerError('UNSAFE_REDIRECT', `The index of ${base.host} sends to ${url.host} without TLS or a digest`, {
      hint: 'Download the chart, check it, and put it into the context.',
    });
  }
  // Archives that lie beside the index are asked for with the same credentials.
  if (url.host === base.host && url.search === '') url.search = base.search;
  return url.href;
}

async function checkIsWhatWasListed(
  { bytes }: ChartArchive,
  chart: string,
  { version }: ListedChart,
  asked: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const facts = await readChartArchive(bytes, `${chart} ${version}`, signal);
  if (facts.name === chart && facts.version.replace(/^v/, '') === version.replace(/^v/, '')) return;
  throw invalid(
    `The archive of ${chart} ${version} (for ${asked}) is ${facts.name} ${facts.version}`,
    'Tell who runs the repository.',
  );
}

function changed({ lock }: Builder, { name, at }: WantedChart, pinned: Digest, digest: Digest): SealerError {
  return new SealerError('CHECKSUM_MISMATCH', `The chart ${name} is ${digest} now, and ${lock.file} has ${pinned}`, {
    at,
    hint: 'If it is meant to have changed, run "sealer lock --update".',
  });
}

async function readDownload({ file, digest, size }: Download): Promise<ChartArchive> {
  if (size > MAX_ARCHIVE_BYTES) throw invalid(`A chart has ${size} bytes, more than ${MAX_ARCHIVE_BYTES}`);
  return { bytes: await readFile(file), digest };
}

function withFetch(builder: Builder, call: typeof fetch): Builder {
  return { ...builder, world: { ...builder.world, fetch: call } };
}

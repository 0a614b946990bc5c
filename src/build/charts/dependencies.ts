/**
 * Dependencies that a chart names and does not carry in its charts/ folder: fetched as `helm dependency build` does, since
 * the image is launched where nothing can be fetched.
 */

import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { type Place, SealerError } from '../../error.ts';
import { formatReference } from '../../oci/reference.ts';
import { type Builder, warn } from '../builder.ts';
import type { Gathered } from '../context/gather.ts';
import { gatherFromContext } from '../context/gather.ts';
import type { CopyEntry, CopySource } from '../instructions/destination.ts';
import { readChartArchive, unpackChart } from './chart-archive.ts';
import {
  CHART_DOCUMENTS,
  type ChartDependency,
  type ChartFacts,
  invalid,
  MAX_DOCUMENT_BYTES,
  readChartFacts,
} from './chart-facts.ts';
import { chartFileName } from './gather-chart.ts';
import { fetchOciChart, isOciChart, parseOciChart } from './oci-chart.ts';
import { type ChartArchive, placed } from './remote-chart.ts';
import { fetchRepositoryChart } from './repository.ts';
import { compareVersions, parseRange, parseVersion } from './version-range.ts';

/** A chart with its place in the context, which dependencies at `file://` are relative to. */
export interface ChartInContext {
  /** The source of the APP, if it is one folder of the context. */
  readonly folder: string | undefined;
  readonly at: Place;
}

/**
 * Completes the sources of an app that is a chart. A packed chart that lacks something becomes a folder.
 * @returns the sources as they are for everything that is no chart, or a complete one
 * @throws SealerError CHART_INVALID, CHART_NOT_FOUND, and what fetching charts throws
 */
export async function withDependencies(
  builder: Builder,
  gathered: readonly Gathered[],
  chart: ChartInContext,
): Promise<readonly Gathered[]> {
  const files = gathered.flatMap((each) => each.files);
  const isPacked = files.length === 1 && /\.(?:tgz|tar\.gz)$/.test(files[0] ?? '');
  if (!isPacked && !files.includes('Chart.yaml')) return gathered;
  try {
    const sources = (await Promise.all(gathered.map(({ load }) => load()))).flat();
    const opened = isPacked ? await openPacked(builder, sources) : await openFolder(sources, files);
    if (opened === undefined || opened.facts.missing.length === 0) return gathered;
    const added: Gathered[] = [];
    for (const dependency of opened.facts.missing) added.push(await fetchOne(builder, opened.facts, dependency, chart));
    return [...(opened.unpacked === undefined ? gathered : [opened.unpacked]), ...added];
  } catch (error) {
    throw placed(error, chart.at);
  }
}

interface OpenedChart {
  readonly facts: ChartFacts;
  /** The files of a packed chart, for one that has to be changed. */
  readonly unpacked?: Gathered | undefined;
}

async function openFolder(sources: readonly CopySource[], files: readonly string[]): Promise<OpenedChart> {
  const documents = new Map<string, string>();
  for (const { name, isDirectory, entries } of sources) {
    for (const entry of entries) {
      const path = isDirectory ? entry.path : name;
      if (entry.type !== 'file' || !CHART_DOCUMENTS.some((each) => each === path)) continue;
      documents.set(path, (await bytesOf(entry, MAX_DOCUMENT_BYTES, path)).toString('utf8'));
    }
  }
  return { facts: readChartFacts(documents, files, 'The chart') };
}

async function openPacked({ world }: Builder, sources: readonly CopySource[]): Promise<OpenedChart | undefined> {
  const [source] = sources;
  const [entry] = source?.entries ?? [];
  if (source === undefined || entry?.type !== 'file') return undefined;
  const bytes = await bytesOf(entry, Infinity, source.name);
  const facts = await factsOfPacked(bytes, source.name, world.signal);
  if (facts === undefined || facts.missing.length === 0) return facts === undefined ? undefined : { facts };
  const files = await unpackChart(bytes, source.name, world.signal);
  const entries = files.map(
    ({ path, mode, bytes: content }): CopyEntry => ({
      path,
      type: 'file',
      mode,
      size: content.length,
      content: { bytes: content },
    }),
  );
  const unpacked: Gathered = {
    inputs: ['unpacked-chart', entry.digest],
    files: files.map(({ path }) => path),
    load: async () => [{ name: facts.name, isDirectory: true, entries }],
  };
  return { facts, unpacked };
}

/** An archive that is no chart is left as it is: helm or the app's own commands say what it is for. */
async function factsOfPacked(bytes: Buffer, name: string, signal?: AbortSignal): Promise<ChartFacts | undefined> {
  try {
    return await readChartArchive(bytes, name, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SealerError && ['CHART_INVALID', 'CORRUPT_ARCHIVE'].includes(error.code)) return undefined;
    throw error;
  }
}

async function bytesOf({ content, size }: CopyEntry, limit: number, path: string): Promise<Buffer> {
  if (size > limit) throw invalid(`${path} has ${size} bytes, more than ${limit}`);
  if (content === undefined) return Buffer.alloc(0);
  return 'bytes' in content ? Buffer.from(content.bytes) : await readFile(content.file);
}

async function fetchOne(
  builder: Builder,
  { lock, name: parent }: ChartFacts,
  dependency: ChartDependency,
  chart: ChartInContext,
): Promise<Gathered> {
  const { name, repository } = dependency;
  const isFile = repository.startsWith('file://');
  if (isFile && chart.folder !== undefined) return gatherNeighbour(builder, dependency, chart.folder, chart.at);
  const locked = lock?.find((each) => each.name === name && each.repository === repository);
  if (isFile || !/^(?:oci|https?):\/\//i.test(repository)) throw unfetchable(parent, dependency);
  checkLock(builder, parent, dependency, locked, chart.at);
  const version = locked?.version ?? dependency.version;
  const archive = isOciChart(repository)
    ? await fetchFromRegistry(builder, { ...dependency, version }, chart.at)
    : await fetchRepositoryChart(builder, { repository, chart: name, version: version || '*' }, chart.at);
  const file = await chartFileName(builder, archive, `${name} ${version}`);
  return inCharts(file, archive);
}

/** The newest that matches where nothing says which: a tag of a registry has no ranges. */
async function fetchFromRegistry(
  builder: Builder,
  { name, version, repository }: ChartDependency,
  at: Place,
): Promise<ChartArchive> {
  const base = `${repository.replace(/\/+$/, '')}/${name}`;
  const isExact = /^v?\d+\.\d+\.\d+/.test(version) && parseVersion(version) !== undefined;
  if (isExact) return await fetchOciChart(builder, parseOciChart(`${base}:${version}`, at), at);
  const isIn = parseRange(version || '*');
  const reference = parseOciChart(`${base}:0.0.0`, at);
  if (builder.options.offline === true || builder.options.pull === 'never') throw noVersion(base, version);
  let newest: { readonly tag: string; readonly version: NonNullable<ReturnType<typeof parseVersion>> } | undefined;
  for await (const tag of builder.world.client.tags(reference, builder.world.signal)) {
    const parsed = parseVersion(tag.replaceAll('_', '+'));
    if (parsed === undefined || isIn?.(parsed) !== true) continue;
    if (newest === undefined || compareVersions(parsed, newest.version) > 0) newest = { tag, version: parsed };
  }
  if (newest === undefined) throw noVersion(base, version);
  const { registry, repository: path } = reference;
  return await fetchOciChart(
    builder,
    parseOciChart(`oci://${formatReference({ registry, repository: path, tag: newest.tag })}`, at),
    at,
  );
}

/** `file://../common`: a chart beside this one, put into its charts/ as a folder. */
async function gatherNeighbour(
  builder: Builder,
  dependency: ChartDependency,
  folder: string,
  at: Place,
): Promise<Gathered> {
  const { name, repository } = dependency;
  const path = posix.join(folder, repository.slice('file://'.length));
  const [source, ...others] = await (await gatherFromContext(builder, path, at)).load();
  if (source === undefined || others.length > 0 || !source.isDirectory) {
    throw invalid(`The dependency ${name} at ${repository} is no folder of the context`);
  }
  const entries = source.entries.map((entry) => ({ ...entry, path: posix.join('charts', name, entry.path) }));
  return {
    inputs: [
      'dependency',
      name,
      entries.map(({ path: each, mode, digest, linkname }) => [each, mode, digest ?? '', linkname ?? '']),
    ],
    files: entries.filter(({ type }) => type !== 'directory').map((entry) => entry.path),
    load: async () => [{ name: 'charts', isDirectory: true, entries }],
  };
}

function inCharts(file: string, { bytes, digest }: ChartArchive): Gathered {
  const path = `charts/${file}`;
  const entry: CopyEntry = { path, type: 'file', mode: 0o644, size: bytes.length, content: { bytes }, digest };
  return {
    inputs: ['dependency', file, digest],
    files: [path],
    load: async () => [{ name: 'charts', isDirectory: true, entries: [entry] }],
  };
}

function checkLock(
  builder: Builder,
  parent: string,
  { name, version }: ChartDependency,
  locked: ChartDependency | undefined,
  at: Place,
): void {
  if (locked === undefined) {
    const message = `The chart ${parent} does not carry its dependency ${name} and has no Chart.lock for it: the newest of ${version || 'all versions'} is taken`;
    warn(builder, { code: 'CHART_INVALID', message, at, hint: 'Run helm dependency update, and commit Chart.lock.' });
    return;
  }
  const isIn = parseRange(version || '*');
  const exact = parseVersion(locked.version);
  if (exact !== undefined && (isIn === undefined || isIn(exact))) return;
  throw invalid(
    `Chart.lock of ${parent} has ${name} ${locked.version}, and Chart.yaml asks for ${version}`,
    'Run helm dependency update.',
  );
}

function unfetchable(parent: string, { name, repository }: ChartDependency): SealerError {
  const where = repository === '' ? 'is not in its charts/ and has no repository' : `is at ${repository.slice(0, 200)}`;
  return invalid(
    `The dependency ${name} of the chart ${parent} ${where}, which cannot be fetched`,
    'Run helm dependency build in the chart before the build: that puts it into charts/.',
  );
}

function noVersion(base: string, version: string): SealerError {
  return new SealerError('CHART_NOT_FOUND', `${base} has no version ${version} that could be taken`, {
    hint: 'Run helm dependency update, and commit Chart.lock.',
  });
}

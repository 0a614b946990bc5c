/**
 * A chart with its subcharts as helm sees them, each file with the place where a person finds it. helm names a template
 * by the way through the charts (`shop/charts/db/templates/pod.yaml`); aliases and archives make that another path than
 * the file's own.
 */

import { type Place, SealerError } from '../../error.ts';
import { readChartArchive } from './chart-archive.ts';
import { type ChartMetadata, parseChartMetadata } from './chart-metadata.ts';

export interface ChartFile {
  readonly content: Buffer;
  /** Rootfs path; of what is in an archive, `charts/shop.tgz!shop/values.yaml`. */
  readonly place: string;
}

export interface Chart {
  readonly metadata: ChartMetadata;
  /** By path below the chart's folder; those of subcharts are theirs. */
  readonly files: ReadonlyMap<string, ChartFile>;
  /** The folders or archives below charts/. */
  readonly subcharts: readonly Chart[];
  /** Where Chart.yaml is. */
  readonly at: Place;
}

/** Deeper charts are a mistake, or an archive that holds itself. */
const MAX_DEPTH = 12;

/**
 * Reads a chart from its files.
 * @param all by path below the chart's folder, those of subcharts too
 * @param place of the folder or archive
 * @throws SealerError CHART_INVALID; the reason of the signal
 */
export async function openChart(
  all: ReadonlyMap<string, ChartFile>,
  place: string,
  signal?: AbortSignal,
): Promise<Chart> {
  return await readChart(all, place, 0, signal);
}

/**
 * The files of a chart, by their path below its folder.
 * @param chart rootfs path of the folder, or of the archive
 * @throws SealerError CHART_INVALID; the reason of the signal
 */
export async function chartFiles(
  files: ReadonlyMap<string, Buffer>,
  chart: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ChartFile>> {
  const archive = files.get(chart);
  return archive === undefined ? filesOfFolder(files, chart) : await filesOfArchive(archive, chart, signal);
}

/**
 * The file that helm calls by this name.
 * @param source `shop/charts/db/templates/pod.yaml`
 * @param way is filled with the charts on the way, the outermost first
 */
export function findFile(root: Chart, source: string, way: Step[] = []): ChartFile | undefined {
  const names = source.split('/');
  let chart = root;
  let at = 1;
  way.push({ chart, name: chart.metadata.name });
  for (; names[at] === 'charts'; at += 2) {
    const name = names[at + 1] ?? '';
    const next = subchartCalled(chart, name);
    if (next === undefined) return undefined;
    chart = next;
    way.push({ chart, name });
  }
  return chart.files.get(names.slice(at).join('/'));
}

/** A chart on the way to a template, with the name by which its values go. */
export interface Step {
  readonly chart: Chart;
  readonly name: string;
}

/** Every chart of the tree with the path by which helm calls it. A chart under two aliases is there twice. */
export function* walkCharts(chart: Chart, path = chart.metadata.name): Generator<{ chart: Chart; path: string }> {
  yield { chart, path };
  for (const subchart of chart.subcharts) {
    for (const name of namesOf(chart, subchart)) yield* walkCharts(subchart, `${path}/charts/${name}`);
  }
}

function subchartCalled(chart: Chart, name: string): Chart | undefined {
  return chart.subcharts.find((each) => namesOf(chart, each).includes(name));
}

function namesOf(chart: Chart, subchart: Chart): readonly string[] {
  const { name } = subchart.metadata;
  const dependencies = chart.metadata.dependencies.filter((each) => each.name === name);
  return dependencies.length === 0 ? [name] : dependencies.map((each) => each.alias ?? each.name);
}

async function readChart(
  all: ReadonlyMap<string, ChartFile>,
  place: string,
  depth: number,
  signal: AbortSignal | undefined,
): Promise<Chart> {
  signal?.throwIfAborted();
  if (depth > MAX_DEPTH)
    throw new SealerError('CHART_INVALID', 'Charts are nested too deeply', { at: { file: place } });
  const description = all.get('Chart.yaml');
  if (description === undefined) {
    throw new SealerError('CHART_INVALID', 'This chart has no Chart.yaml', { at: { file: place } });
  }
  const files = new Map<string, ChartFile>();
  const folders = new Map<string, Map<string, ChartFile>>();
  const subcharts: Chart[] = [];
  for (const [path, file] of all) {
    const [, name = '', rest] = /^charts\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    // As helm has it: names that begin with _ or . are no charts.
    if (name === '' || /^[_.]/.test(name)) files.set(path, file);
    else if (rest !== undefined) folders.set(name, (folders.get(name) ?? new Map()).set(rest, file));
    else if (name.endsWith('.tgz')) {
      const packed = await filesOfArchive(file.content, file.place, signal);
      subcharts.push(await readChart(packed, file.place, depth + 1, signal));
    }
  }
  for (const [name, inside] of folders) {
    // A folder without one is helm's to complain about, or an alias of nothing.
    if (inside.has('Chart.yaml')) subcharts.push(await readChart(inside, `${place}/charts/${name}`, depth + 1, signal));
  }
  const metadata = parseChartMetadata(
    description.content.toString(),
    all.get('requirements.yaml')?.content.toString(),
    description.place,
  );
  return { metadata, files, subcharts, at: { file: description.place } };
}

async function filesOfArchive(
  archive: Buffer,
  place: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ChartFile>> {
  const files = await readChartArchive(archive, place, signal);
  return new Map(
    [...files].map(([path, content]) => [path.slice(path.indexOf('/') + 1), { content, place: `${place}!${path}` }]),
  );
}

function filesOfFolder(files: ReadonlyMap<string, Buffer>, folder: string): Map<string, ChartFile> {
  const inside = new Map<string, ChartFile>();
  for (const [path, content] of files) {
    if (path.startsWith(`${folder}/`)) inside.set(path.slice(folder.length + 1), { content, place: path });
  }
  return inside;
}

/** Dependencies of a chart that are not in its charts/: those beside it are taken, others are an error. */

import { posix } from 'node:path';
import { SealerError } from '../../error.ts';
import { type Chart, type ChartFile, chartFiles, openChart } from './chart-tree.ts';
import { placeOfText } from './text-place.ts';

/** A chart as it has to be written so that helm finds all of it. */
export interface CompleteChart {
  readonly chart: Chart;
  /** By path below the chart's folder; subcharts included. */
  readonly files: ReadonlyMap<string, ChartFile>;
}

/** `file://../a` → `file://../b` → `file://../a` has no end. */
const MAX_DEPTH = 12;

/**
 * Opens a chart and completes it: a dependency whose repository is `file://…` and whose folder is among the files is put
 * into its charts/, as `helm dependency build` does.
 * @param files content by rootfs path
 * @param path rootfs path of the chart's folder or archive
 * @throws SealerError CHART_INVALID naming the dependencies that are nowhere; the reason of the signal
 */
export async function completeChart(
  files: ReadonlyMap<string, Buffer>,
  path: string,
  signal?: AbortSignal,
): Promise<CompleteChart> {
  return await complete(files, path, 0, signal);
}

async function complete(
  files: ReadonlyMap<string, Buffer>,
  path: string,
  depth: number,
  signal: AbortSignal | undefined,
): Promise<CompleteChart> {
  const own = await chartFiles(files, path, signal);
  const chart = await openChart(own, path, signal);
  const present = new Set(chart.subcharts.map((each) => each.metadata.name));
  const missing = chart.metadata.dependencies.filter(({ name }) => !present.has(name));
  if (missing.length === 0) return { chart, files: own };
  const all = new Map(own);
  for (const { name, repository } of missing) {
    const beside = repository.startsWith('file://')
      ? posix.join(path, repository.slice('file://'.length)).replace(/\/$/, '')
      : undefined;
    if (beside === undefined || depth >= MAX_DEPTH || !files.has(`${beside}/Chart.yaml`)) continue;
    const { files: theirs } = await complete(files, beside, depth + 1, signal);
    for (const [inside, file] of theirs) all.set(`charts/${name}/${inside}`, file);
    present.add(name);
  }
  const nowhere = missing.filter(({ name }) => !present.has(name));
  if (nowhere.length > 0) throw missingDependencies(chart, path, nowhere);
  return { chart: await openChart(all, path, signal), files: all };
}

function missingDependencies(
  chart: Chart,
  path: string,
  nowhere: readonly { readonly name: string; readonly repository: string }[],
): SealerError {
  const list = nowhere.map(({ name, repository }) => (repository === '' ? name : `${name} (${repository})`)).join(', ');
  const file = chart.files.get('requirements.yaml') ?? chart.files.get('Chart.yaml');
  return new SealerError('CHART_INVALID', `Dependencies of the chart are not in its charts/: ${list}`, {
    hint: `Run helm dependency build ${path} before the build, and keep what it brings with the chart.`,
    at: file === undefined ? chart.at : placeOfText(file, `name: ${nowhere[0]?.name}`),
  });
}

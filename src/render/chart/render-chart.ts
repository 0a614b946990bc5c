/** A chart, rendered once for each of its value sets. */

import { join } from 'node:path';
import { SealerError } from '../../error.ts';
import { createLocator, type SourceText } from '../place/locator.ts';
import { createRank } from '../place/rank.ts';
import type { RenderCache } from '../render-cache.ts';
import type { ChartRequest, Rendered } from '../rendering.ts';
import { type ScratchFolder, writeFiles } from '../scratch-files.ts';
import { annotatedImages, subchartsListImages } from './annotations.ts';
import { type Chart, findFile, type Step } from './chart-tree.ts';
import { documentAt, splitDocuments } from './documents.ts';
import { enabledSubcharts, PROBE, PROBE_FILE } from './enabled-subcharts.ts';
import { type HelmRun, helmArguments, runHelm } from './helm.ts';
import { helmError } from './helm-error.ts';
import { completeChart } from './vendor.ts';

export interface ChartTools {
  /** Path of helm. */
  readonly helm: string;
  readonly scratch: (label: string) => Promise<ScratchFolder>;
  readonly cache: RenderCache | undefined;
}

/**
 * Renders a chart.
 * @throws SealerError CHART_INVALID; the reason of the signal
 */
export async function renderChart(request: ChartRequest, tools: ChartTools): Promise<readonly Rendered[]> {
  const { files, chart } = await prepare(request);
  const sets = request.valueSets.length === 0 ? [[]] : request.valueSets;
  const ends = await Promise.allSettled(
    sets.map(async (valueSet) =>
      readOutput(await outputOf(request, valueSet, files, chart, tools), valueSet, request, chart),
    ),
  );
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  if (failures.length === 0) return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  request.signal?.throwIfAborted();
  throw together(failures);
}

interface Prepared {
  readonly chart: Chart;
  /** What helm reads, by path below the chart's folder. */
  readonly files: ReadonlyMap<string, Buffer>;
}

async function prepare({ files, chart, signal }: ChartRequest): Promise<Prepared> {
  const complete = await completeChart(files, chart, signal);
  const contents = new Map([...complete.files].map(([path, { content }]) => [path, content]));
  if (subchartsListImages(complete.chart)) contents.set(PROBE_FILE, PROBE);
  return { chart: complete.chart, files: contents };
}

async function outputOf(
  request: ChartRequest,
  valueSet: readonly string[],
  files: ReadonlyMap<string, Buffer>,
  chart: Chart,
  tools: ChartTools,
): Promise<string> {
  const values = valueSet.map((path): readonly [string, Buffer] => [path, contentOf(request, path)]);
  const given: Omit<HelmRun, 'helm' | 'folder' | 'signal'> = {
    chart: './chart',
    values: values.map((_, i) => valuesArgument(i)),
    release: request.release,
    namespace: request.namespace,
    kubeVersion: request.kubeVersion,
    apiVersions: request.apiVersions,
  };
  const inputs = [...files, ...values.map(([, content], i) => [valuesArgument(i), content] as const)];
  const key = await tools.cache?.key(tools.helm, helmArguments(given), inputs);
  const known = key === undefined ? undefined : await tools.cache?.read(key);
  if (known !== undefined) return known;
  await using folder = await tools.scratch('chart');
  await write(
    folder.path,
    files,
    values.map(([, content]) => content),
    chart,
  );
  const end = await runHelm({ ...given, helm: tools.helm, folder: folder.path, signal: request.signal });
  if ('complaint' in end) {
    const { release, chart: path } = request;
    throw helmError({ stderr: end.complaint, chart, path, release, valueSet, valuesArgument });
  }
  if (key !== undefined) await tools.cache?.write(key, end.output);
  return end.output;
}

function valuesArgument(index: number): string {
  return `values/${index}.yaml`;
}

function contentOf(request: ChartRequest, path: string): Buffer {
  const content = request.files.get(path);
  if (content !== undefined) return content;
  throw new SealerError('CHART_INVALID', `The values file ${path} is not in the image`, {
    at: { file: path },
    hint: 'Copy it with COPY, or mend the path.',
  });
}

async function write(
  folder: string,
  files: ReadonlyMap<string, Buffer>,
  values: readonly Buffer[],
  chart: Chart,
): Promise<void> {
  try {
    await writeFiles(join(folder, 'chart'), files);
    await writeFiles(
      folder,
      values.map((content, i) => [valuesArgument(i), content] as const),
    );
  } catch (error) {
    throw new SealerError('CHART_INVALID', 'The files of the chart cannot be written to a folder', {
      at: chart.at,
      cause: error,
    });
  }
}

function readOutput(text: string, valueSet: readonly string[], request: ChartRequest, chart: Chart): Rendered {
  const lines = text.split('\n');
  const documents = splitDocuments(lines, (template) => findFile(chart, template)?.place ?? chart.at.file);
  const locator = createLocator();
  const rank = createRank(lines, documents);
  const setFiles = valueSet.toReversed().map((place): SourceText => ({ place, content: contentOf(request, place) }));
  return {
    text,
    documents,
    chartName: chart.metadata.name,
    valueSet,
    annotations: annotatedImages(chart, enabledSubcharts(lines)),
    place(line, value) {
      const document = documentAt(documents, line);
      const way: Step[] = [];
      const template = document === undefined ? undefined : findFile(chart, document.template, way);
      if (document === undefined || template === undefined) return { file: chart.at.file };
      const defaults = way.flatMap((step) => step.chart.files.get('values.yaml') ?? []);
      return locator.locate({
        line: lines[line - 1] ?? '',
        value,
        template,
        values: [...setFiles, ...defaults],
        rank: rank(document.source, line),
      });
    },
  };
}

/** One failure is itself; several are told together, each once. */
function together(failures: readonly unknown[]): unknown {
  const [first] = failures;
  const known = failures.filter((each) => each instanceof SealerError);
  const unlike = known.filter((each, i) => known.findIndex((other) => other.message === each.message) === i);
  if (known.length < failures.length || !(first instanceof SealerError) || unlike.length === 1) return first;
  return new SealerError('CHART_INVALID', `${unlike.length} of the chart's value sets do not render`, {
    problems: unlike.map(({ code, message, hint, at }) => ({ code, message, hint, at })),
    at: first.at,
  });
}

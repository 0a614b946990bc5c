/** What helm says when a chart does not render, told with the place and the fix. */

import { type Place, SealerError } from '../../error.ts';
import { type Chart, findFile, type Step } from './chart-tree.ts';
import { placeOfText } from './text-place.ts';

export interface HelmFailure {
  readonly stderr: string;
  readonly chart: Chart;
  /** Rootfs path, for hints. */
  readonly path: string;
  readonly release: string;
  /** Rootfs paths of the values files, in the order in which helm was given them. */
  readonly valueSet: readonly string[];
  /** The path by which helm was given a values file: `values/0.yaml`. */
  readonly valuesArgument: (index: number) => string;
}

/** `shop/templates/a.yaml:12:34`, with or without a column, as helm 3 and 4 write them. */
const TEMPLATE_PLACE = /([\w.@+-]+(?:\/[^\s:()"]+)+):(\d+)(?::\d+)?/g;

const MEND = 'Mend the chart; "helm template" and "helm lint" say the same of it.';

/** The CHART_INVALID that helm's words amount to. */
export function helmError(failure: HelmFailure): SealerError {
  const said = clean(failure.stderr);
  return (
    ofKubeVersion(said, failure) ??
    ofSchema(said, failure) ??
    ofValuesFile(said, failure) ??
    ofTemplate(said, failure) ??
    new SealerError('CHART_INVALID', `helm cannot render the chart: ${said}`, { at: failure.chart.at, hint: MEND })
  );
}

function ofKubeVersion(said: string, { chart }: HelmFailure): SealerError | undefined {
  const match = /requires kubeVersion: (.*?) which is incompatible with Kubernetes (\S+)/.exec(said);
  if (match === null) return undefined;
  const file = chart.files.get('Chart.yaml');
  return new SealerError('CHART_INVALID', `The chart is for Kubernetes ${match[1]}, and this is for ${match[2]}`, {
    at: file === undefined ? chart.at : placeOfText(file, 'kubeVersion:'),
    hint: 'Take a chart or a base image of another version, or say which with kubeVersion under charts: in sealer.yaml.',
  });
}

function ofSchema(said: string, failure: HelmFailure): SealerError | undefined {
  if (!said.includes("values don't meet the specifications of the schema")) return undefined;
  const lines = said
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
  const complaints = lines.filter((line) => line.startsWith('- ')).map((line) => line.slice(2));
  const missing = complaints.flatMap(missingInSchema);
  const schema = failure.chart.files.get('values.schema.json');
  return new SealerError(
    'CHART_INVALID',
    missing.length > 0
      ? `The chart needs values: ${missing.join(', ')}`
      : `The values are not what the chart's schema asks for: ${complaints.join('; ')}`,
    { at: { file: failure.valueSet.at(-1) ?? schema?.place ?? failure.chart.at.file }, hint: giveValues(failure) },
  );
}

/** helm 4: `at '/db': missing properties 'a', 'b'`; helm 3: `db: a is required`. */
function missingInSchema(complaint: string): string[] {
  const four = /^at '([^']*)': missing propert(?:y|ies) (.*)$/.exec(complaint);
  if (four !== null) {
    const path = (four[1] ?? '').split('/').filter((part) => part !== '');
    return (four[2] ?? '').split(/,\s*/).map((name) => [...path, name.replaceAll("'", '')].join('.'));
  }
  const three = /^(\S+): (\S+) is required$/.exec(complaint);
  return three === null ? [] : [three[1] === '(root)' ? `${three[2]}` : `${three[1]}.${three[2]}`];
}

function ofValuesFile(said: string, failure: HelmFailure): SealerError | undefined {
  const index = failure.valueSet.findIndex((_, i) => said.includes(failure.valuesArgument(i)));
  const named = failure.valueSet[index];
  const why = /yaml: (?:line (\d+): )?(.*)/.exec(said);
  const line = why?.[1] === undefined ? {} : { line: Number(why[1]) };
  if (named !== undefined) {
    return new SealerError('CHART_INVALID', `This values file cannot be read: ${why?.[2] ?? said}`, {
      at: { file: named, ...line },
      hint: 'Mend its YAML.',
    });
  }
  const own = /cannot load (values\.yaml|Chart\.yaml|requirements\.yaml|Chart\.lock)/.exec(said)?.[1];
  if (own === undefined) return undefined;
  return new SealerError('CHART_INVALID', `${own} of the chart cannot be read: ${why?.[2] ?? said}`, {
    at: { file: failure.chart.files.get(own)?.place ?? failure.chart.at.file, ...line },
    hint: 'Mend its YAML.',
  });
}

function ofTemplate(said: string, failure: HelmFailure): SealerError | undefined {
  const yaml = /YAML parse error on (\S+): (?:error converting YAML to JSON: )?(?:yaml: )?([\s\S]*)/.exec(said);
  if (yaml !== null) {
    const file = findFile(failure.chart, yaml[1] ?? '');
    return new SealerError('CHART_INVALID', `What this template renders to is not YAML: ${yaml[2]}`, {
      at: { file: file?.place ?? failure.chart.at.file },
      hint: 'The line is one of the rendered text: helm template --debug shows it.',
    });
  }
  // The last place is where it happened; those before are the templates that include it.
  const found = [...said.matchAll(TEMPLATE_PLACE)].flatMap(([, source = '', line = '']) => {
    const way: Step[] = [];
    const file = findFile(failure.chart, source, way);
    return file === undefined ? [] : [{ file, way, line: Number(line) }];
  });
  const deepest = found.at(-1);
  if (deepest === undefined) return undefined;
  const at: Place = { file: deepest.file.place, line: deepest.line };
  const text = deepest.file.content.toString().split('\n')[deepest.line - 1] ?? '';
  const missing = missingValue(
    said,
    text,
    deepest.way.slice(1).map(({ name }) => name),
  );
  const why = reasonOf(said);
  const message = missing === undefined ? why : `The chart needs the value ${missing}: ${why}`;
  return new SealerError('CHART_INVALID', message, {
    at,
    hint: needsValues(said, missing) ? giveValues(failure) : MEND,
  });
}

/** The path of the value that a template missed, as it is written in a values file of the outermost chart. */
function missingValue(said: string, line: string, subcharts: readonly string[]): string | undefined {
  const nil = /at <[^>]*?\.Values\.([\w.]+)[^>]*>:\s*nil pointer evaluating /.exec(said);
  const required = said.includes('execution error')
    ? /required\s+(?:"[^"]*"|`[^`]*`|\([^)]*\))\s+\$?\.Values\.([\w.]+)|\.Values\.([\w.]+)\s*\|\s*required/.exec(line)
    : null;
  const path = nil?.[1] ?? required?.[1] ?? required?.[2];
  if (path === undefined) return undefined;
  return path.startsWith('global.') ? path : [...subcharts, path].join('.');
}

function needsValues(said: string, missing: string | undefined): boolean {
  return missing !== undefined || said.includes('execution error');
}

function giveValues({ release, chart }: HelmFailure): string {
  // Only charts of no app take the file beside them.
  const beside = chart.at.file.startsWith('application/apps/') ? '' : `, or charts/${release}.values.yaml`;
  return `Give the values that it is launched with: APP --values=FILE in the Kubefile${beside}.`;
}

/** Without where and how deep: that is the place's to say. */
function reasonOf(said: string): string {
  const execution = /execution error at \([^)]*\): ([\s\S]*)/.exec(said)?.[1];
  if (execution !== undefined) return execution.trim();
  const parse = /parse error at \([^)]*\): ([\s\S]*)/.exec(said)?.[1];
  if (parse !== undefined) return `The template is malformed: ${parse.trim()}`;
  const last = /at <([^>]*)>:\s*([\s\S]*?)$/.exec(said.slice(said.lastIndexOf(' at <')));
  const reason = last === null ? said : `${last[1]}: ${last[2]}`;
  return `The template fails: ${reason.replaceAll(/\s*\n\s*/g, ' ').trim()}`;
}

function clean(stderr: string): string {
  const text = stderr.replaceAll(/^(?:WARNING|level=|time=).*\n?/gm, '').replace(/\n*Use --debug flag[^\n]*\n?/, '');
  return text
    .slice(Math.max(0, text.indexOf('Error: ')))
    .replace(/^Error: /, '')
    .trim();
}

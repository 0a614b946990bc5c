/** What a chart says of itself, and which of its dependencies it carries (helm.sh/docs/topics/charts). */

import { load } from 'js-yaml';
import { SealerError } from '../../error.ts';

export interface ChartDependency {
  readonly name: string;
  /** A range. */
  readonly version: string;
  /** `https://…`, `oci://…`, `file://…`, `@alias`, or empty for one that lies in charts/. */
  readonly repository: string;
}

export interface ChartFacts {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly ChartDependency[];
  /** From Chart.lock, versions exact; undefined if there is none. */
  readonly lock: readonly ChartDependency[] | undefined;
  /** Those dependencies that are not in charts/. */
  readonly missing: readonly ChartDependency[];
}

/** The documents that tell about a chart; those of the first API version have their own names for dependencies. */
export const CHART_DOCUMENTS = ['Chart.yaml', 'Chart.lock', 'requirements.yaml', 'requirements.lock'] as const;

/** What helm allows for a single file of a chart. */
export const MAX_DOCUMENT_BYTES = 5 * 1024 * 1024;
/** More than the largest umbrella charts have; each is a few requests. */
const MAX_DEPENDENCIES = 200;

/**
 * Reads what a chart says.
 * @param documents texts by name (`CHART_DOCUMENTS`)
 * @param files paths of all files of the chart, relative to it
 * @param label how messages call the chart
 * @throws SealerError CHART_INVALID
 */
export function readChartFacts(
  documents: ReadonlyMap<string, string>,
  files: Iterable<string>,
  label: string,
): ChartFacts {
  const chart = objectOf(parse(documents.get('Chart.yaml'), `${label}: Chart.yaml`));
  const { name, version } = chart;
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw invalid(`${label}: Chart.yaml has no usable name`);
  }
  const requirements = parse(documents.get('requirements.yaml'), `${label}: requirements.yaml`);
  const dependencies = dependenciesOf(chart.dependencies ?? objectOf(requirements).dependencies, label);
  const lockText = documents.get('Chart.lock') ?? documents.get('requirements.lock');
  const lock = lockText === undefined ? undefined : objectOf(parse(lockText, `${label}: Chart.lock`)).dependencies;
  const vendored = vendoredIn(files);
  return {
    name,
    // Unquoted, 1.10 is the number 1.1 to every reader of YAML.
    version: typeof version === 'string' ? version : typeof version === 'number' ? String(version) : '',
    dependencies,
    lock: lock === undefined ? undefined : dependenciesOf(lock, label),
    missing: dependencies.filter((each) => !vendored(each.name)),
  };
}

/** The error for a chart that is none, or not the one that was asked for. */
export function invalid(message: string, hint?: string, cause?: unknown): SealerError {
  return new SealerError('CHART_INVALID', message, {
    hint: hint ?? 'helm lint says more about charts of your own; ask who publishes the others.',
    cause,
  });
}

/** Whether charts/ has a dependency: as a folder of its name, or packed as name-version.tgz. */
function vendoredIn(files: Iterable<string>): (name: string) => boolean {
  const folders = new Set<string>();
  const archives: string[] = [];
  for (const file of files) {
    const [, folder, archive] = /^charts\/(?:([^/]+)\/Chart\.yaml|([^/]+\.tgz))$/.exec(file) ?? [];
    if (folder !== undefined) folders.add(folder);
    if (archive !== undefined) archives.push(archive);
  }
  return (name) =>
    folders.has(name) ||
    archives.some((file) => file.startsWith(`${name}-`) && /^v?\d/.test(file.slice(name.length + 1)));
}

function dependenciesOf(value: unknown, label: string): readonly ChartDependency[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${label}: dependencies is no list`);
  if (value.length > MAX_DEPENDENCIES) throw invalid(`${label}: it has more than ${MAX_DEPENDENCIES} dependencies`);
  return value.map((each: unknown) => {
    const { name, version, repository } = objectOf(each);
    if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw invalid(`${label}: a dependency has no usable name`);
    }
    return {
      name,
      version: typeof version === 'string' || typeof version === 'number' ? String(version) : '',
      repository: typeof repository === 'string' ? repository : '',
    };
  });
}

function parse(text: string | undefined, label: string): unknown {
  if (text === undefined) return undefined;
  try {
    return load(text);
  } catch (cause) {
    throw invalid(`${label} is no YAML`, undefined, cause);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

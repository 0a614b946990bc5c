/** Helm charts, from their own description: a Chart.yaml, or the one in a packed chart, those inside it too. */

import { Readable } from 'node:stream';
import { load } from 'js-yaml';
import { decompress, detectCompression } from '../../oci/compress/index.ts';
import { readEntries } from '../../oci/tar/index.ts';

export interface Chart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string | undefined;
  readonly license: string | undefined;
}

/** helm's limit for one file of a chart is 5 MiB; archives of charts are rarely more. */
export const MAX_CHART_BYTES = 64 * 1024 * 1024;

const LIMITS = { maxBytes: 256 * 1024 * 1024, maxRatio: 200 };
const MAX_DEPTH = 4;
/** `<chart>/Chart.yaml`, and those of charts in its charts/. */
const DESCRIPTION = /^[^/]+\/(?:charts\/[^/]+\/)*Chart\.yaml$/;
const PACKED = /^[^/]+\/(?:charts\/[^/]+\/)*charts\/[^/]+\.tgz$/;
/** Artifact Hub's annotation, and the one that Bitnami's charts have. */
const LICENSE_KEYS = ['artifacthub.io/license', 'licenses'] as const;

/** Reads a Chart.yaml. What is no description of a chart (name and version are a must) gives undefined. */
export function readChart(text: string): Chart | undefined {
  const { name, version, appVersion, annotations } = objectOf(parse(text));
  if (typeof name !== 'string' || name === '' || !isScalar(version)) return undefined;
  const notes = objectOf(annotations);
  const license = LICENSE_KEYS.map((key) => notes[key]).find((each) => typeof each === 'string');
  return {
    name,
    version: String(version),
    appVersion: isScalar(appVersion) ? String(appVersion) : undefined,
    license: typeof license === 'string' ? license : undefined,
  };
}

/** The charts in a packed one, itself first; none if the archive is something else. */
export async function chartsInArchive(bytes: Buffer, depth = 0): Promise<readonly Chart[]> {
  if (depth > MAX_DEPTH) return [];
  const charts: { readonly path: string; readonly chart: Chart }[] = [];
  const inner: Buffer[] = [];
  try {
    const tar = decompress(Readable.from([bytes]), detectCompression(bytes), LIMITS);
    for await (const { path, type, size, content } of readEntries(tar)) {
      if (type !== 'file' || size > MAX_CHART_BYTES) continue;
      if (PACKED.test(path)) inner.push(Buffer.concat(await content.toArray()));
      else if (DESCRIPTION.test(path)) {
        const chart = readChart(Buffer.concat(await content.toArray()).toString('utf8'));
        if (chart !== undefined) charts.push({ path, chart });
      }
    }
  } catch {
    // Archives of other kinds, and broken ones, are no charts.
    return [];
  }
  if (!charts.some(({ path }) => path.split('/').length === 2)) return [];
  const below: Chart[] = [];
  for (const each of inner) below.push(...(await chartsInArchive(each, depth + 1)));
  return [...charts.sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ chart }) => chart), ...below];
}

function isScalar(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function parse(text: string): unknown {
  try {
    return load(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

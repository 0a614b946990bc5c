/** `index.yaml` of a chart repository (helm.sh/docs/topics/chart_repository#the-index-file). */

import { load } from 'js-yaml';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { invalid } from './chart-facts.ts';

/** One version of a chart, as the index lists it. */
export interface ListedChart {
  readonly version: string;
  /** Of the archive. */
  readonly digest: Digest | undefined;
  /** Where the archive is: absolute, or relative to the index. */
  readonly urls: readonly string[];
}

/**
 * The versions of one chart, in the order of the index; none if the index does not have it.
 * @param label how messages call what is looked for
 * @throws SealerError CHART_INVALID if this is no index
 */
export function parseChartIndex(text: string, chart: string, label: string): readonly ListedChart[] {
  const list = listInSection(text, chart) ?? listInWhole(text, chart, label);
  return list.flatMap((each: unknown) => {
    const { version, digest, urls } = Object(each) as Record<string, unknown>;
    if (typeof version !== 'string') return [];
    const sum = typeof digest === 'string' ? `sha256:${digest.replace(/^sha256:/, '')}` : '';
    return [
      {
        version,
        digest: isDigest(sum) ? sum : undefined,
        urls: Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [],
      },
    ];
  });
}

/**
 * The list of a chart in an index as helm writes it, without reading the rest: of the large repositories' 20 MB that would
 * take three seconds. Undefined wherever it looks otherwise.
 */
function listInSection(text: string, chart: string): readonly unknown[] | undefined {
  const entries = /(?:^|\n)entries:\n/.exec(text);
  if (entries === null) return undefined;
  const head = `\n  ${chart}:\n`;
  const start = text.indexOf(head, entries.index + entries[0].length - 1);
  if (start < 0) return undefined;
  const next = /\n {0,2}[^\s-]/g;
  next.lastIndex = start + head.length - 1;
  const end = next.exec(text)?.index ?? text.length;
  try {
    const list = Object(load(text.slice(start + 1, end)))[chart];
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

function listInWhole(text: string, chart: string, label: string): readonly unknown[] {
  const hint = 'Give the address that helm repo add takes.';
  let json: unknown;
  try {
    json = load(text);
  } catch (cause) {
    throw invalid(`The index of the repository of ${label} is no YAML`, hint, cause);
  }
  const { entries } = Object(json) as { entries?: unknown };
  if (typeof entries !== 'object' || entries === null) {
    throw invalid(`${label}: its repository has no index of charts`, hint);
  }
  const list: unknown = Object.hasOwn(entries, chart) ? Reflect.get(entries, chart) : [];
  return Array.isArray(list) ? list : [];
}

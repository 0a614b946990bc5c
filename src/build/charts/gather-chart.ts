/** Remote charts as sources of APP: one file, `name-version.tgz`. */

import type { Place } from '../../error.ts';
import type { Builder } from '../builder.ts';
import type { Gathered } from '../context/gather.ts';
import { readChartArchive } from './chart-archive.ts';
import { fetchOciChart, parseOciChart } from './oci-chart.ts';
import { type ChartArchive, placed } from './remote-chart.ts';
import { fetchRepositoryChart, type RepositoryChart } from './repository.ts';

/**
 * A chart of a registry.
 * @param source `oci://registry/path:version`
 * @throws SealerError what `fetchOciChart` and `readChartArchive` throw, at the source's place
 */
export async function gatherOciChart(builder: Builder, source: string, at: Place): Promise<Gathered> {
  try {
    const archive = await fetchOciChart(builder, parseOciChart(source, at), at);
    return await gathered(builder, archive, source);
  } catch (error) {
    throw placed(error, at);
  }
}

/**
 * A chart of a chart repository.
 * @throws SealerError what `fetchRepositoryChart` and `readChartArchive` throw, at the source's place
 */
export async function gatherRepositoryChart(builder: Builder, asked: RepositoryChart, at: Place): Promise<Gathered> {
  try {
    const archive = await fetchRepositoryChart(builder, asked, at);
    return await gathered(builder, archive, `${asked.chart} ${asked.version}`);
  } catch (error) {
    throw placed(error, at);
  }
}

/** The file that a chart is: what it calls itself, so that a hostile address or index names no file. */
export async function chartFileName(builder: Builder, { bytes }: ChartArchive, label: string): Promise<string> {
  const { name, version } = await readChartArchive(bytes, label, builder.world.signal);
  return `${name}-${version.replaceAll(/[^0-9A-Za-z.+-]/g, '_')}.tgz`;
}

async function gathered(builder: Builder, archive: ChartArchive, label: string): Promise<Gathered> {
  const name = await chartFileName(builder, archive, label);
  const { bytes, digest } = archive;
  const entry = { path: '', type: 'file', mode: 0o644, size: bytes.length, content: { bytes }, digest } as const;
  return {
    inputs: ['chart', name, digest],
    files: [name],
    load: async () => [{ name, isDirectory: false, entries: [entry] }],
  };
}

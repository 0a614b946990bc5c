/** Which files of a rootfs discovery wants to have read. */

import { createChartTest, findCharts } from './charts.ts';
import { isDiscoverable } from './roles.ts';

/**
 * The paths whose content discovery wants: what `isDiscoverable` says of each by itself, and every file of a chart, which
 * its templates may take in by `.Files`.
 * @param paths of all files of the rootfs
 */
export function chooseDiscoverable(paths: Iterable<string>): ReadonlySet<string> {
  const all = [...paths];
  const isInChart = createChartTest(findCharts(all));
  return new Set(all.filter((path) => isDiscoverable(path) || isInChart(path)));
}

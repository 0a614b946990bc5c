/** Which hosts took longest: in a large cluster the slowest one is what everybody waits for. */

import { formatDuration } from '../../cli/index.ts';
import type { Timeline } from '../timeline.ts';
import { bar } from './bars.ts';
import { code, details, table } from './html.ts';
import type { PicturedCluster } from './picture.ts';

/** Hosts that are named. */
const SLOWEST = 10;

/** The slowest hosts with bars; nothing where fewer than two had something to do. */
export function hostsSection({ busy }: Timeline, { masters, nodes }: PicturedCluster): string {
  const roles = [
    ...masters.map((address) => [address, 'master'] as const),
    ...nodes.map(({ address }) => [address, 'node'] as const),
  ];
  const times = roles.flatMap(([address, role]) => {
    const ms = busy.get(address);
    return ms === undefined ? [] : [{ address, role, ms }];
  });
  if (times.length < 2) return '';
  const slowest = times.toSorted((a, b) => b.ms - a.ms);
  const longest = slowest[0]?.ms ?? 0;
  const median = slowest[Math.floor(slowest.length / 2)]?.ms ?? 0;
  const rows = slowest
    .slice(0, SLOWEST)
    .map(({ address, role, ms }) => [code(address), role, formatDuration(ms), bar(ms, longest)]);
  const title = `${times.length} hosts at work: the slowest ${formatDuration(longest)}, half of them at most ${formatDuration(median)}`;
  return details(title, table(['Host', '', 'At work', ''], rows), false);
}

/** The summary of a run on hosts: the cluster, the plan, whether it was carried out, and what took how long. */

import { formatCount } from '../../cli/index.ts';
import type { Plan } from '../../cluster/index.ts';
import type { Timeline } from '../timeline.ts';
import { hostsSection } from './hosts.ts';
import { code, cut, details, escapeHtml, MAX_ROWS, table } from './html.ts';
import { clusterPicture, type PicturedCluster } from './picture.ts';
import { fitParts } from './room.ts';
import { timelineSection } from './timeline.ts';

export interface RunSummaryOptions {
  /** The cluster as it is wanted; none where it goes. */
  readonly cluster?: PicturedCluster | undefined;
  readonly timeline?: Timeline | undefined;
}

/**
 * The summary of a run.
 * @param changed whether the plan was carried out
 */
export function runSummary(plan: Plan, changed: boolean, { cluster, timeline }: RunSummaryOptions = {}): string {
  const { image, runtime, steps, warnings } = plan;
  const title = `<h3>${escapeHtml(plan.cluster)}</h3>`;
  const what = `<p>${code(image.name)}, ${escapeHtml(runtime)} ${escapeHtml(image.kubeVersion ?? '')}</p>`;
  return fitParts([
    { text: `${title}\n${what}` },
    ...(cluster === undefined ? [] : [{ text: clusterPicture(cluster) }]),
    { text: steps.length === 0 ? '<p>Nothing to do: everything is as it should be.</p>' : stepsTable(plan, changed) },
    {
      text: warnings
        .slice(0, MAX_ROWS)
        .map((warning) => `<p>${escapeHtml(cut(warning, 500))}</p>`)
        .join('\n'),
    },
    ...(timeline === undefined ? [] : [{ text: timelineSection(timeline), optional: true }]),
    ...(timeline === undefined || cluster === undefined
      ? []
      : [{ text: hostsSection(timeline, cluster), optional: true }]),
  ]);
}

function stepsTable({ steps }: Plan, changed: boolean): string {
  const rows = steps.map(({ title, hosts, reason, risk }) => [
    escapeHtml(cut(title, 200)),
    hosts.length > 5 ? `${hosts.length} hosts` : hosts.map(code).join(' '),
    escapeHtml(cut(reason, 300)),
    risk === 'none' ? '' : risk,
  ]);
  const verdict = changed ? 'Done' : 'Planned, nothing was changed';
  return details(
    `${verdict}: ${formatCount(steps.length, 'step')}`,
    table(['Step', 'Hosts', 'Why', 'Risk'], rows),
    true,
  );
}

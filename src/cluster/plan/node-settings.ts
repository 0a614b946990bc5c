/** Labels and taints: what the Clusterfile wants on each node, and what it wanted before and does not any more. */

import type { NodeState } from '../../runtime/runtime.ts';
import type { Membership } from './membership.ts';
import type { Current, Desired, DesiredHost } from './situation.ts';
import type { Step } from './step.ts';

/** What to tell `kubectl label` and `kubectl taint` of one node. */
export interface NodeChange {
  readonly address: string;
  /** `key=value`, or `key-` to take it off. */
  readonly labels: readonly string[];
  /** `key=value:Effect`, or `key:Effect-` to take it off. */
  readonly taints: readonly string[];
}

/** A step for all nodes whose labels or taints differ; new members get theirs too. */
export function nodeSettingsSteps(desired: Desired, current: Current, members: Membership): Step[] {
  const fresh = [...members.newMasters, ...members.newNodes].filter((address) =>
    hasSettings(desired.hosts.get(address)),
  );
  const changed = nodeChanges(desired, current).map(({ address }) => address);
  const hosts = [...new Set([...changed, ...fresh])];
  if (hosts.length === 0) return [];
  return [
    {
      id: 'node-settings',
      kind: 'node-settings',
      title: `Set labels and taints of ${hosts.length === 1 ? hosts[0] : `${hosts.length} nodes`}`,
      hosts,
      reason: 'they differ from the Clusterfile',
      risk: 'low',
    },
  ];
}

/** What differs on nodes that are there, by what the cluster says of them. */
export function nodeChanges(desired: Desired, { metadata, saved }: Current): readonly NodeChange[] {
  return (metadata?.nodes ?? []).flatMap((node) => {
    const host = desired.hosts.get(node.address);
    if (host === undefined) return [];
    const before = saved?.nodeSettings[node.address];
    const labels = labelChanges(host, node, before?.labels ?? {});
    const taints = taintChanges(host, node, before?.taints ?? []);
    return labels.length + taints.length === 0 ? [] : [{ address: node.address, labels, taints }];
  });
}

function hasSettings(host: DesiredHost | undefined): boolean {
  return host !== undefined && Object.keys(host.labels).length + host.taints.length + host.taintsOff.length > 0;
}

function labelChanges(host: DesiredHost, node: NodeState, before: Readonly<Record<string, string>>): string[] {
  const on = Object.entries(host.labels).flatMap(([key, value]) =>
    node.labels[key] === value ? [] : [`${key}=${value}`],
  );
  const off = Object.keys(before).flatMap((key) =>
    host.labels[key] === undefined && node.labels[key] === before[key] ? [`${key}-`] : [],
  );
  return [...on, ...off];
}

/** Taints of others (the control plane's, cordons) stay: only what we set, or are told to take off, is touched. */
function taintChanges(host: DesiredHost, node: NodeState, before: readonly string[]): string[] {
  const there = new Set(node.taints.map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`));
  const normal = (taint: string) => (taint.includes('=') ? taint : taint.replace(':', '=:'));
  const on = host.taints.filter((taint) => !there.has(normal(taint)));
  const dropped = before.filter(
    (taint) => there.has(normal(taint)) && !host.taints.some((each) => keyOf(each) === keyOf(taint)),
  );
  const off = host.taintsOff.filter((each) =>
    node.taints.some(({ key, effect }) => each === key || each === `${key}:${effect}`),
  );
  return [...on, ...dropped.map((taint) => `${keyOf(taint)}-`), ...off.map((each) => `${each}-`)];
}

/** `key:Effect` of `key=value:Effect`. */
function keyOf(taint: string): string {
  return taint.replace(/=[^:]*/, '');
}

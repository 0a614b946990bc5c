/** What reading one document works with. */

import type { Place } from '../../error.ts';
import { childrenOf, isLiteral, placeOf, textOf, type YamlDocument, type YamlNode } from '../../yaml/index.ts';
import type { EnvironmentScope } from './environment.ts';
import type { Findings } from './findings.ts';

export interface Reading {
  readonly yaml: YamlDocument;
  readonly findings: Findings;
  readonly scope: EnvironmentScope;
  /** How many nodes may still be looked at: aliases make much of little. Shared by all documents. */
  readonly budget: { left: number };
}

/** More than this in one Clusterfile is an attack, or a mistake: 3,000 hosts one by one are a tenth of it. */
export const MAX_NODES = 300_000;

/** Counts a node; false, and said once, where the budget is spent. */
export function spend(reading: Reading, node: YamlNode): boolean {
  reading.budget.left--;
  if (reading.budget.left === -1) {
    const hint = 'Aliases that stand for aliases grow quickly: write out what is meant.';
    reading.findings.add(placeOf(reading.yaml, node), `The Clusterfile has more than ${MAX_NODES} values`, hint);
  }
  return reading.budget.left >= 0;
}

/**
 * The nodes of a mapping's own keys; of a key that stands twice the last, as its value counts.
 * @param findings told of such keys, if given
 */
export function keyNodes(yaml: YamlDocument, mapping: YamlNode, findings?: Findings): ReadonlyMap<string, YamlNode> {
  const nodes = new Map<string, YamlNode>();
  const children = childrenOf(yaml, mapping);
  for (let i = 0; i < children.length; i += 2) {
    const child = children[i];
    const key = textOf(yaml, child);
    if (child === undefined || key === undefined || key === '<<') continue;
    if (nodes.has(key))
      findings?.add(placeOf(yaml, child), `${key.slice(0, 60)} stands here twice`, 'Keep one of them.');
    nodes.set(key, child);
  }
  return nodes;
}

/** Where a character of a scalar stands; of a folded or quoted one, where the scalar does. */
export function placeWithin(reading: Reading, node: YamlNode, text: string): (offset: number) => Place {
  return (offset) => {
    const { line = 1, ...place } = placeOf(reading.yaml, node);
    if (!isLiteral(reading.yaml, node)) return { ...place, line };
    return { ...place, line: line + text.slice(0, offset).split('\n').length - 1 };
  };
}

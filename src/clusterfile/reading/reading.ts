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

/** Tells of keys that a mapping has twice; the last one counts. */
export function reportDuplicates(reading: Reading, node: YamlNode): void {
  const seen = new Set<string>();
  const children = childrenOf(reading.yaml, node);
  for (let i = 0; i < children.length; i += 2) {
    const child = children[i];
    const key = textOf(reading.yaml, child);
    if (child === undefined || key === undefined || key === '<<') continue;
    if (seen.has(key))
      reading.findings.add(placeOf(reading.yaml, child), `${key} stands here twice`, 'Keep one of them.');
    seen.add(key);
  }
}

/** The node of a key itself, where the mapping has it of its own. */
export function keyNode(yaml: YamlDocument, mapping: YamlNode, key: string): YamlNode | undefined {
  return childrenOf(yaml, mapping).find((child, i) => i % 2 === 0 && textOf(yaml, child) === key);
}

/** Where a character of a scalar stands; of a folded or quoted one, where the scalar does. */
export function placeWithin(reading: Reading, node: YamlNode, text: string): (offset: number) => Place {
  return (offset) => {
    const { line = 1, ...place } = placeOf(reading.yaml, node);
    if (!isLiteral(reading.yaml, node)) return { ...place, line };
    return { ...place, line: line + text.slice(0, offset).split('\n').length - 1 };
  };
}

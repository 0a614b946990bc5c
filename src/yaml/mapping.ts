/** Looking things up in mappings, with merge keys and aliases. */

import { follow, isMapping, itemsOf, textOf, type YamlDocument, type YamlNode } from './document.ts';

/**
 * Mappings that merge each other can name the same entries a million times over. More than this are not looked at, in
 * one document: real ones have hundreds.
 */
const MAX_MERGED_ENTRIES = 1_000_000;

/** How many mappings are remembered. */
const RECENT = 31;

/** Mappings that merge one another in a row. */
const MAX_CHAIN = 1000;

/**
 * The entries of a mapping by key, aliases followed and merge keys (`<<`) honoured: a mapping's own key wins over a
 * merged one, and of a key that stands twice the last counts, as Kubernetes reads it. No entries for any other node.
 */
export function entriesOf(yaml: YamlDocument, node: YamlNode | undefined): ReadonlyMap<string, YamlNode> {
  if (!isMapping(yaml, node)) return NOTHING;
  const recent = yaml.memo.recent[node % RECENT];
  if (recent?.node === node) return recent.entries;
  const known = yaml.memo.entries.get(node);
  if (known !== undefined) return known;
  const entries = collect(yaml, node, undefined);
  if (isShared(yaml, node) || entries.size > 30) yaml.memo.entries.set(node, entries);
  yaml.memo.recent[node % RECENT] = { node, entries };
  return entries;
}

/** The value of a key of a mapping; undefined where there is none, or no mapping. */
export function valueAt(yaml: YamlDocument, node: YamlNode | undefined, key: string): YamlNode | undefined {
  return entriesOf(yaml, node).get(key);
}

const NOTHING: ReadonlyMap<string, YamlNode> = new Map();

/** Only what has an anchor, or merges what has one, is looked at again and again. */
function isShared(yaml: YamlDocument, node: YamlNode): boolean {
  const event = yaml.events[node];
  return event !== undefined && 'anchorStart' in event && event.anchorStart >= 0;
}

function collect(yaml: YamlDocument, node: YamlNode, above: Set<YamlNode> | undefined): ReadonlyMap<string, YamlNode> {
  const own = new Map<string, YamlNode>();
  let merges: YamlNode[] | undefined;
  const end = (yaml.next[node] ?? 0) - 1;
  for (let at = node + 1; at < end; ) {
    const keyNode = at;
    const valueNode = yaml.next[keyNode] ?? end;
    at = yaml.next[valueNode] ?? end;
    const key = textOf(yaml, follow(yaml, keyNode));
    const value = follow(yaml, valueNode);
    if (key === '<<') {
      merges ??= [];
      merges.push(value);
    } else if (key !== undefined) own.set(key, value);
  }
  if (merges !== undefined) merge(yaml, own, merges, new Set(above).add(node));
  return own;
}

function merge(
  yaml: YamlDocument,
  own: Map<string, YamlNode>,
  merges: readonly YamlNode[],
  entered: Set<YamlNode>,
): void {
  for (const each of merges.flatMap((value) => (isMapping(yaml, value) ? [value] : [...itemsOf(yaml, value)]))) {
    // Merges that lead back to themselves, or to the same mapping a thousand times, are entered once.
    if (!isMapping(yaml, each) || entered.has(each) || entered.size > MAX_CHAIN) continue;
    if (yaml.memo.mergedEntries > MAX_MERGED_ENTRIES) return;
    const merged = yaml.memo.entries.get(each) ?? collect(yaml, each, entered);
    yaml.memo.entries.set(each, merged);
    yaml.memo.mergedEntries += merged.size + 1;
    for (const [key, value] of merged) if (!own.has(key)) own.set(key, value);
  }
}

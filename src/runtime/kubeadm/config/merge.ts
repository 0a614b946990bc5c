/**
 * How documents of kubeadm are laid over each other: the Clusterfile's over the image's over our own. Maps are merged key by key, down
 * to the last; a value that is `null` takes the key away; a list replaces the one below it. But
 * - flags of components (`extraArgs`, `kubeletExtraArgs`) are merged by name, in either of their forms;
 * - `certSANs` are only ever added to: a name that another part of the system relies on must not get lost (the Go sealer
 *   overwrote the user's).
 */

import { type Fields, fieldsOf, listOf } from '../../../kubernetes/fields.ts';
import { mergeArguments, readArguments } from './arguments.ts';

/** Lays one document over another; both are v1beta4 (liftDocument). */
export function mergeDocuments(base: Fields, over: Fields): Fields {
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    if (value === undefined) continue;
    if (value === null) merged.delete(name);
    else merged.set(name, mergeValues(name, merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function mergeValues(name: string, below: unknown, above: unknown): unknown {
  if (name === 'extraArgs' || name === 'kubeletExtraArgs') {
    return mergeArguments(readArguments(below), readArguments(above));
  }
  if (name === 'certSANs') return [...new Set([...listOf(below), ...listOf(above)].map(String))];
  const [left, right] = [fieldsOf(below), fieldsOf(above)];
  if (right === undefined) return above;
  return mergeDocuments(left ?? {}, right);
}

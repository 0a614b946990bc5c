/**
 * Flags of components in kubeadm's configuration: a map up to v1beta3, a list of `{name, value}` from v1beta4 on, where a
 * flag may stand more than once.
 */

import { type Fields, fieldsOf, mapsOf } from '../../../kubernetes/fields.ts';

export interface Argument {
  readonly name: string;
  readonly value: string;
}

/** Reads either form. */
export function readArguments(value: unknown): readonly Argument[] {
  const map = fieldsOf(value);
  if (map !== undefined) return Object.entries(map).map(([name, each]) => ({ name, value: String(each) }));
  return mapsOf(value).map((each) => ({ name: String(each.name ?? ''), value: String(each.value ?? '') }));
}

/** As a map. A flag that stands more than once has its values joined by commas, which is what flags with lists take. */
export function argumentsAsMap(list: readonly Argument[]): Fields {
  const map = new Map<string, string>();
  for (const { name, value } of list) {
    const before = map.get(name);
    map.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(map);
}

/** The flags of both; where both have one, `over` has its way. */
export function mergeArguments(base: readonly Argument[], over: readonly Argument[]): readonly Argument[] {
  const names = new Set(over.map(({ name }) => name));
  return [...base.filter(({ name }) => !names.has(name)), ...over];
}

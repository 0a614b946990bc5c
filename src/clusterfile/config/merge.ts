/** Deep merging, as a Config with `strategy: merge` does it. */

import { isMap } from './yaml-text.ts';

/**
 * Merges one value over another:
 * - mappings key by key; a `null` deletes the key, with all that is below;
 * - lists whose items are all mappings with a `name`, on both sides, item by item of the same name; new ones go to the
 *   end, and `{name: x, $patch: delete}` removes one (as in kubectl's strategic merge);
 * - all else, other lists too, is replaced.
 */
export function mergeDeep(under: unknown, over: unknown): unknown {
  if (isMap(over)) return mergeMaps(isMap(under) ? under : {}, over);
  if (isNamedList(under) && isNamedList(over)) return mergeLists(under, over);
  return isNamedList(over) ? mergeLists([], over) : over;
}

type Named = Readonly<Record<string, unknown>> & { readonly name: string };

function mergeMaps(
  under: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergeDeep(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function mergeLists(under: readonly Named[], over: readonly Named[]): readonly unknown[] {
  const merged = new Map<string, unknown>(under.map((item) => [item.name, item]));
  // Names that a list has twice cannot be told apart.
  if (merged.size < under.length) return over;
  for (const item of over) {
    if (item.$patch === 'delete') merged.delete(item.name);
    else merged.set(item.name, mergeDeep(merged.get(item.name), item));
  }
  return [...merged.values()];
}

function isNamedList(value: unknown): value is readonly Named[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((item) => isMap(item) && typeof item.name === 'string')
  );
}

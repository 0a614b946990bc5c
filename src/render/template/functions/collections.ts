/** Lists and maps (text/template's index, slice, len; sprig's list.go and dict.go). */

import { FunctionFailure } from '../template-error.ts';
import {
  checkParts,
  compareBytes,
  isList,
  isMap,
  isTrue,
  Missing,
  show,
  sortedKeys,
  typeName,
  type Value,
} from '../value.ts';
import { anyTextAt, define, intAt, listAt, mapAt, type TemplateFunction, textAt } from './signature.ts';

const ANY = Number.POSITIVE_INFINITY;

export const COLLECTION_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  len: define('len', { min: 1 }, ([value = null]) => {
    if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
    if (isList(value)) return BigInt(value.length);
    if (isMap(value)) return BigInt(value.size);
    throw new FunctionFailure(`A ${typeName(value)} has no length`);
  }),
  index: define('index', { min: 1, max: ANY }, ([value = null, ...path]) => path.reduce<Value>(element, value)),
  slice: define('slice', { min: 1, max: 4 }, slice),
  list: define('list', { min: 0, max: ANY }, (args) => args),
  tuple: define('tuple', { min: 0, max: ANY }, (args) => args),
  dict: define('dict', { min: 0, max: ANY }, (args) => {
    const map = new Map<string, Value>();
    for (let i = 0; i < args.length; i += 2) map.set(anyTextAt(args, i), args[i + 1] ?? '');
    return map;
  }),
  get: define('get', { min: 2 }, (args) => mapAt(args, 0).get(textAt(args, 1)) ?? ''),
  hasKey: define('hasKey', { min: 2 }, (args) => mapAt(args, 0).has(textAt(args, 1))),
  keys: define('keys', { min: 1, max: ANY }, (args) => args.flatMap((_, i) => sortedKeys(mapAt(args, i)))),
  values: define('values', { min: 1, max: ANY }, (args) =>
    args.flatMap((_, i) => sortedKeys(mapAt(args, i)).map((key) => mapAt(args, i).get(key) ?? null)),
  ),
  pick: define('pick', { min: 1, max: ANY }, (args) => chosen(args, (isNamed) => isNamed)),
  omit: define('omit', { min: 1, max: ANY }, (args) => chosen(args, (isNamed) => !isNamed)),
  merge: define('merge', { min: 1, max: ANY }, (args) => args.map((_, i) => mapAt(args, i)).reduce(mergeMaps)),
  first: define('first', { min: 1 }, (args) => listAt(args, 0)[0] ?? null),
  last: define('last', { min: 1 }, (args) => listAt(args, 0).at(-1) ?? null),
  rest: define('rest', { min: 1 }, (args) => listAt(args, 0).slice(1)),
  initial: define('initial', { min: 1 }, (args) => listAt(args, 0).slice(0, -1)),
  append: define('append', { min: 2 }, (args) => [...listAt(args, 0), args[1] ?? null]),
  prepend: define('prepend', { min: 2 }, (args) => [args[1] ?? null, ...listAt(args, 0)]),
  concat: define('concat', { min: 1, max: ANY }, (args) => args.flatMap((_, i) => listAt(args, i))),
  reverse: define('reverse', { min: 1 }, (args) => listAt(args, 0).toReversed()),
  uniq: define('uniq', { min: 1 }, (args) => unique(listAt(args, 0))),
  without: define('without', { min: 1, max: ANY }, (args) => {
    const out = new Set(args.slice(1).map(identity));
    return listAt(args, 0).filter((each) => !out.has(identity(each)));
  }),
  compact: define('compact', { min: 1 }, (args) => listAt(args, 0).filter(isTrue)),
  has: define('has', { min: 2 }, (args) =>
    listAt(args, 1).some((each) => identity(each) === identity(args[0] ?? null)),
  ),
  sortAlpha: define('sortAlpha', { min: 1 }, (args) => listAt(args, 0).map(show).sort(compareBytes)),
};

function element(value: Value, key: Value): Value {
  if (isMap(value)) {
    if (typeof key !== 'string') throw new FunctionFailure(`A map is asked for ${show(key)}, a ${typeName(key)}`);
    return value.get(key) ?? (value.has(key) ? null : new Missing(`.${key}`));
  }
  if (!isList(value)) throw new FunctionFailure(`A ${typeName(value)} has no elements to index`);
  const index = typeof key === 'bigint' ? Number(key) : Number.NaN;
  const found = value[index];
  if (found === undefined) throw new FunctionFailure(`A list of ${value.length} has no element ${show(key)}`);
  return found;
}

/** Go's slices of text count bytes. */
function slice(args: readonly Value[]): Value {
  const value = args[0] ?? null;
  const whole = typeof value === 'string' ? Buffer.from(value) : isList(value) ? value : undefined;
  if (whole === undefined) throw new FunctionFailure(`A ${typeName(value)} cannot be sliced`);
  const start = args.length > 1 ? intAt(args, 1) : 0n;
  const end = args.length > 2 ? intAt(args, 2) : BigInt(whole.length);
  if (start < 0n || end < start || end > BigInt(whole.length)) {
    throw new FunctionFailure(`There is no slice from ${start} to ${end} of ${whole.length}`);
  }
  return isList(value)
    ? value.slice(Number(start), Number(end))
    : Buffer.from(show(value)).subarray(Number(start), Number(end)).toString();
}

function chosen(args: readonly Value[], keeps: (isNamed: boolean) => boolean): Value {
  const names = new Set(args.slice(1).map(show));
  return new Map([...mapAt(args, 0)].filter(([key]) => keeps(names.has(key))));
}

/** The first wins; maps inside are merged too. */
function mergeMaps(into: ReadonlyMap<string, Value>, from: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  const merged = new Map(into);
  for (const [key, value] of from) {
    const own = merged.get(key);
    if (own === undefined || !isTrue(own)) merged.set(key, value);
    else if (isMap(own) && isMap(value)) merged.set(key, mergeMaps(own, value));
  }
  return merged;
}

function unique(list: readonly Value[]): Value {
  const seen = new Set<string>();
  return list.filter((each) => !seen.has(identity(each)) && seen.add(identity(each)));
}

/** Equal for values that reflect.DeepEqual takes for equal. */
function identity(value: Value): string {
  checkParts(value);
  return identify(value);
}

function identify(value: Value): string {
  if (isList(value)) return `[${value.map(identify).join()}]`;
  if (isMap(value))
    return `{${sortedKeys(value)
      .map((key) => `${JSON.stringify(key)}:${identify(value.get(key) ?? null)}`)
      .join()}}`;
  return `${typeName(value)} ${JSON.stringify(show(value))}`;
}

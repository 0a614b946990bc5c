/**
 * Values of templates. Go tells whole numbers from others, so they are bigint here; maps are Maps, so that no name in a
 * template reaches anything of JavaScript.
 */

export type Value = string | bigint | number | boolean | null | Missing | readonly Value[] | ReadonlyMap<string, Value>;

/** What a name means that nothing is set for. It may be tested and defaulted, and not be used. */
export class Missing {
  /** As it is written: `.PodCIDR`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What a value may consist of when all of it is walked: aliases and lists in lists grow without an end. */
const MAX_PARTS = 1_000_000;

/**
 * A JavaScript value, as parsers of YAML and JSON give it.
 * @throws RangeError when it has too many parts
 */
export function toValue(raw: unknown): Value {
  let left = MAX_PARTS;
  const convert = (each: unknown): Value => {
    left -= 1;
    if (left < 0) throw new RangeError('The value has more than a million parts');
    if (typeof each === 'string' || typeof each === 'boolean' || typeof each === 'number') return each;
    if (Array.isArray(each)) return each.map(convert);
    if (typeof each !== 'object' || each === null) return null;
    return new Map(Object.entries(each).map(([key, value]) => [key, convert(value)]));
  };
  return convert(raw);
}

/** @throws RangeError for a value that has too many parts to be written */
export function checkParts(value: Value): void {
  let left = MAX_PARTS;
  const visit = (each: Value): void => {
    left -= 1;
    if (left < 0) throw new RangeError('The value has more than a million parts');
    if (isList(each) || isMap(each)) for (const part of each.values()) visit(part);
  };
  visit(value);
}

export function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** What `if` takes for true (text/template IsTrue). */
export function isTrue(value: Value): boolean {
  if (value === null || value instanceof Missing) return false;
  if (typeof value === 'string') return value !== '';
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return value !== false && value !== 0n && value !== 0;
}

/** Go's name of a value's type, for messages and for `typeOf`. */
export function typeName(value: Value): string {
  if (value === null || value instanceof Missing) return '<nil>';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float64';
  if (isList(value)) return '[]interface {}';
  return isMap(value) ? 'map[string]interface {}' : 'string';
}

/**
 * A value as `print` shows it (fmt's %v).
 * @throws RangeError
 */
export function show(value: Value): string {
  checkParts(value);
  return showParts(value);
}

function showParts(value: Value): string {
  if (value === null || value instanceof Missing) return '<nil>';
  if (typeof value === 'number') return showFloat(value);
  if (isList(value)) return `[${value.map(showParts).join(' ')}]`;
  if (!isMap(value)) return String(value);
  return `map[${sortedKeys(value)
    .map((key) => `${key}:${showParts(value.get(key) ?? null)}`)
    .join(' ')}]`;
}

/** Go orders strings by their bytes. */
export function sortedKeys(map: ReadonlyMap<string, Value>): string[] {
  return [...map.keys()].sort(compareBytes);
}

export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** strconv.FormatFloat(x, 'g', -1, 64): the shortest digits that mean the number. */
export function showFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return String(value);
}

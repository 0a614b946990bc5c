/** Truth, comparison and defaults (text/template's builtins; sprig's defaults.go). */

import { FunctionFailure } from '../template-error.ts';
import { compareBytes, isList, isMap, isTrue, Missing, typeName, type Value } from '../value.ts';
import { anyTextAt, define, settled, type TemplateFunction, textAt } from './signature.ts';

const ANY = Number.POSITIVE_INFINITY;

export const LOGIC_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  and: shortCircuit('and', (value) => !isTrue(value)),
  or: shortCircuit('or', isTrue),
  not: define('not', { min: 1, takesMissing: true }, ([value = null]) => !isTrue(value)),
  eq: define('eq', { min: 2, max: ANY, takesMissing: true }, ([first, ...others]) =>
    others.some((other) => equals(settled(first), settled(other))),
  ),
  ne: define('ne', { min: 2, takesMissing: true }, ([a, b]) => !equals(settled(a), settled(b))),
  lt: define('lt', { min: 2 }, ([a = null, b = null]) => order(a, b) < 0),
  le: define('le', { min: 2 }, ([a = null, b = null]) => order(a, b) <= 0),
  gt: define('gt', { min: 2 }, ([a = null, b = null]) => order(a, b) > 0),
  ge: define('ge', { min: 2 }, ([a = null, b = null]) => order(a, b) >= 0),
  default: define('default', { min: 1, max: 2, takesMissing: true }, ([fallback = null, value]) =>
    value === undefined || !isTrue(value) ? fallback : value,
  ),
  empty: define('empty', { min: 1, takesMissing: true }, ([value = null]) => !isTrue(value)),
  coalesce: define('coalesce', { min: 0, max: ANY, takesMissing: true }, (args) => args.find(isTrue) ?? null),
  all: define('all', { min: 0, max: ANY, takesMissing: true }, (args) => args.every(isTrue)),
  any: define('any', { min: 0, max: ANY, takesMissing: true }, (args) => args.some(isTrue)),
  ternary: define('ternary', { min: 3, takesMissing: true }, ([yes = null, no = null, test = null]) => {
    if (typeof test !== 'boolean') throw new FunctionFailure(`ternary tests a bool, and this is a ${typeName(test)}`);
    return test ? yes : no;
  }),
  required: define('required', { min: 2, takesMissing: true }, (args) => {
    const value = settled(args[1]);
    if (value !== null && value !== '') return value;
    throw new FunctionFailure(textAt(args, 0), args[1] instanceof Missing ? `Set ${args[1].name}.` : undefined);
  }),
  fail: define('fail', { min: 1 }, (args) => {
    throw new FunctionFailure(textAt(args, 0));
  }),
  typeOf: define('typeOf', { min: 1, takesMissing: true }, ([value = null]) => typeName(value)),
  kindOf: define('kindOf', { min: 1, takesMissing: true }, ([value = null]) => kindOf(value)),
  kindIs: define('kindIs', { min: 2, takesMissing: true }, (args) => anyTextAt(args, 0) === kindOf(args[1] ?? null)),
  typeIs: define('typeIs', { min: 2, takesMissing: true }, (args) => anyTextAt(args, 0) === typeName(args[1] ?? null)),
};

/** The first value that decides, or the last. What stands behind it is not evaluated. */
function shortCircuit(name: string, decides: (value: Value) => boolean): TemplateFunction {
  const lazy = (args: readonly (() => Value)[]): Value => {
    let value: Value | undefined;
    for (const arg of args) {
      value = arg();
      if (decides(value)) break;
    }
    if (value === undefined) throw new FunctionFailure(`${name} takes at least 1 argument, and is given 0`);
    return value;
  };
  return { lazy, takesMissing: true, call: (args) => lazy(args.map((arg) => () => arg)) };
}

/** Go compares values of one basic kind; nil equals nil only; different kinds are an error. */
function equals(a: Exclude<Value, Missing>, b: Exclude<Value, Missing>): boolean {
  if (a === null || b === null) return a === b;
  if (isList(a) || isMap(a) || isList(b) || isMap(b)) throw new FunctionFailure('Lists and maps cannot be compared');
  if (typeof a !== typeof b) throw incompatible(a, b);
  return a === b;
}

function order(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  throw incompatible(a, b);
}

function incompatible(a: Value, b: Value): FunctionFailure {
  return new FunctionFailure(`A ${typeName(a)} cannot be compared with a ${typeName(b)}`);
}

function kindOf(value: Value): string {
  if (isMap(value)) return 'map';
  if (isList(value)) return 'slice';
  return value === null || value instanceof Missing ? 'invalid' : typeName(value);
}

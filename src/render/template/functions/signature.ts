/** What a function of templates is, and how it checks what it is given. */

import { FunctionFailure } from '../template-error.ts';
import { isList, isMap, Missing, show, typeName, type Value } from '../value.ts';

export interface FunctionContext {
  /** Renders a named template. */
  readonly include: (name: string, data: Value) => string;
}

export interface TemplateFunction {
  readonly call: (args: readonly Value[], context: FunctionContext) => Value;
  /** Instead of `call`, for functions that do not evaluate all that they are given. */
  readonly lazy?: (args: readonly (() => Value)[]) => Value;
  /** Whether a name that is not set may be given. */
  readonly takesMissing: boolean;
}

interface Arity {
  readonly min: number;
  /** Default: the same. `Infinity` for any number. */
  readonly max?: number;
  readonly takesMissing?: boolean;
}

/** @param call may take for granted that there are `min` to `max` arguments */
export function define(name: string, arity: Arity, call: TemplateFunction['call']): TemplateFunction {
  const { min, max = min, takesMissing = false } = arity;
  return {
    takesMissing,
    call: (args, context) => {
      if (args.length >= min && args.length <= max) return call(args, context);
      const wanted = max === min ? `${min}` : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
      throw new FunctionFailure(`${name} takes ${wanted} arguments, and is given ${args.length}`);
    },
  };
}

/** An argument that is text. */
export function textAt(args: readonly Value[], index: number): string {
  const value = args[index] ?? null;
  if (typeof value === 'string') return value;
  throw new FunctionFailure(`Text is needed, and ${show(value)} is a ${typeName(value)}`);
}

/** An argument as text, whatever it is (sprig's strval). */
export function anyTextAt(args: readonly Value[], index: number): string {
  return show(args[index] ?? null);
}

/** An argument that is a whole number, or text of one (spf13/cast's ToInt64, which gives 0 for what is none). */
export function intAt(args: readonly Value[], index: number): bigint {
  const value = args[index] ?? null;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value !== 'string') return 0n;
  const text = value.replace(/^([+-]?)0+(?=\d)/, '$1').replace(/\.0*$/, '');
  return /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : 0n;
}

/** How often, how wide: a number that may not be used to fill the memory. */
export function countAt(args: readonly Value[], index: number): number {
  const count = intAt(args, index);
  if (count > 1_000_000n) throw new FunctionFailure(`${count} is more than is sensible`);
  return Number(count);
}

export function listAt(args: readonly Value[], index: number): readonly Value[] {
  const value = args[index] ?? null;
  if (isList(value)) return value;
  throw new FunctionFailure(`A list is needed, and ${show(value)} is a ${typeName(value)}`);
}

export function mapAt(args: readonly Value[], index: number): ReadonlyMap<string, Value> {
  const value = args[index] ?? null;
  if (isMap(value)) return value;
  throw new FunctionFailure(`A map is needed, and ${show(value)} is a ${typeName(value)}`);
}

/** A missing value in a place where Go has nil. */
export function settled(value: Value | undefined): Exclude<Value, Missing> {
  return value === undefined || value instanceof Missing ? null : value;
}

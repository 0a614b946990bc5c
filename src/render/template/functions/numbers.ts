/** Numbers (sprig's numeric.go): whole ones; text of a number counts as one. */

import { FunctionFailure } from '../template-error.ts';
import type { Value } from '../value.ts';
import { anyTextAt, countAt, define, intAt, type TemplateFunction } from './signature.ts';

const ANY = Number.POSITIVE_INFINITY;
const MAX_STEPS = 100_000;

export const NUMBER_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  int: define('int', { min: 1 }, (args) => intAt(args, 0)),
  int64: define('int64', { min: 1 }, (args) => intAt(args, 0)),
  float64: define('float64', { min: 1 }, (args) => Number(anyTextAt(args, 0)) || 0),
  atoi: define('atoi', { min: 1 }, (args) => intAt(args, 0)),
  add: define('add', { min: 0, max: ANY }, (args) => wrap(numbers(args).reduce((a, b) => a + b, 0n))),
  add1: define('add1', { min: 1 }, (args) => wrap(intAt(args, 0) + 1n)),
  sub: define('sub', { min: 2 }, (args) => wrap(intAt(args, 0) - intAt(args, 1))),
  mul: define('mul', { min: 1, max: ANY }, (args) => numbers(args).reduce((a, b) => wrap(a * b), 1n)),
  div: define('div', { min: 2 }, (args) => intAt(args, 0) / divisor(intAt(args, 1))),
  mod: define('mod', { min: 2 }, (args) => intAt(args, 0) % divisor(intAt(args, 1))),
  max: define('max', { min: 1, max: ANY }, (args) => numbers(args).reduce((a, b) => (b > a ? b : a))),
  min: define('min', { min: 1, max: ANY }, (args) => numbers(args).reduce((a, b) => (b < a ? b : a))),
  until: define('until', { min: 1 }, (args) => {
    const count = countAt(args, 0);
    return steps(0, count, count < 0 ? -1 : 1);
  }),
  untilStep: define('untilStep', { min: 3 }, (args) => steps(countAt(args, 0), countAt(args, 1), countAt(args, 2))),
};

function numbers(args: readonly Value[]): bigint[] {
  return args.map((_, i) => intAt(args, i));
}

/** Go's int64 runs over. */
function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function divisor(value: bigint): bigint {
  if (value === 0n) throw new FunctionFailure('A number is divided by zero');
  return value;
}

function steps(start: number, stop: number, step: number): Value {
  const list: bigint[] = [];
  if (step === 0 || stop < start === step > 0) return list;
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) {
    if (list.length >= MAX_STEPS) throw new FunctionFailure('The list would have more than 100,000 entries');
    list.push(BigInt(i));
  }
  return list;
}

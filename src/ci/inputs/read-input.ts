/** One input: a text, a boolean, one of several words. */

import { SealerError } from '../../error.ts';

/** Reads one input as it came; an unset one is the empty text. */
export type ReadInput = (name: string) => string;

/** The booleans of YAML 1.2, as `core.getBooleanInput` takes them. @throws SealerError USAGE for anything else */
export function readBoolean(read: ReadInput, name: string, otherwise: boolean): boolean {
  const value = read(name).trim();
  if (value === '') return otherwise;
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (/^(false|False|FALSE)$/.test(value)) return false;
  throw new SealerError('USAGE', `The input ${name} is "${value}"`, { hint: 'Write true or false.' });
}

/** @throws SealerError USAGE for what is none of the choices, whose letter case does not matter */
export function readChoice<const Choice extends string>(
  read: ReadInput,
  name: string,
  choices: readonly Choice[],
  otherwise: Choice,
): Choice {
  const value = read(name).trim().toLowerCase();
  return value === '' ? otherwise : choose(name, value, choices);
}

/** @throws SealerError USAGE for what is none of the choices */
export function choose<const Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new SealerError('USAGE', `The input ${name} is "${value}"`, { hint: `Write ${choices.join(', or ')}.` });
}

/** A document that was compared with its shape: only what is right is left, each value with its place. */

import type { Place } from '../../error.ts';

export interface Checked {
  readonly at: Place;
  /** Of a text, number or flag. */
  readonly text?: string | undefined;
  /** The text has a variable of the environment in it. */
  readonly isFromEnv?: boolean | undefined;
  readonly items?: readonly Checked[] | undefined;
  readonly entries?: ReadonlyMap<string, Checked> | undefined;
  /** Of anything. */
  readonly tree?: unknown;
}

/** What lies below a path of keys. */
export function below(checked: Checked | undefined, ...path: readonly string[]): Checked | undefined {
  return path.reduce((at: Checked | undefined, key) => at?.entries?.get(key), checked);
}

/** The text below a path of keys. */
export function textBelow(checked: Checked | undefined, ...path: readonly string[]): string | undefined {
  return below(checked, ...path)?.text;
}

/** The texts of a list; undefined where there is no list. */
export function textsBelow(checked: Checked | undefined, ...path: readonly string[]): readonly string[] | undefined {
  return below(checked, ...path)?.items?.flatMap(({ text }) => text ?? []);
}

export function flagBelow(checked: Checked | undefined, ...path: readonly string[]): boolean | undefined {
  const text = textBelow(checked, ...path);
  return text === undefined ? undefined : text === 'true';
}

export function wholeBelow(checked: Checked | undefined, ...path: readonly string[]): number | undefined {
  const text = textBelow(checked, ...path);
  return text === undefined ? undefined : Number(text);
}

/** Parts of an image's weight by group, with what is too small to see put together. Pure. */

import type { Weight } from '../model.ts';

export interface Group {
  readonly name: string;
  readonly bytes: number;
  /** Largest first. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly name: string;
  readonly bytes: number;
  /** How many parts it stands for, where it is more than one. */
  readonly count?: number;
}

/** A part below this share of all is a speck. */
const MIN_SHARE = 0.002;

/** The heaviest group first. */
export function groupWeights(weights: readonly Weight[]): readonly Group[] {
  const total = weights.reduce((sum, { bytes }) => sum + bytes, 0);
  return [...Map.groupBy(weights, ({ group }) => group)]
    .map(([name, parts]) => ({ name, bytes: sumOf(parts), parts: withoutSpecks(name, parts, total * MIN_SHARE) }))
    .toSorted((a, b) => b.bytes - a.bytes);
}

function withoutSpecks(group: string, weights: readonly Weight[], min: number): readonly Part[] {
  const parts = weights.map(({ name, bytes }): Part => ({ name, bytes }));
  const specks = parts.filter(({ bytes }) => bytes < min);
  if (specks.length < 2) return parts;
  const name = specks.length === parts.length ? `${group}: ${specks.length}` : `${specks.length} smaller ones`;
  const together = { name, bytes: sumOf(specks), count: specks.length };
  return [...parts.filter(({ bytes }) => bytes >= min), together].toSorted((a, b) => b.bytes - a.bytes);
}

function sumOf(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** `strategy.matrix`, spread out into cells as GitHub does it. */

import { isDeepStrictEqual } from 'node:util';
import { isMapping } from './workflow-file.ts';

export type Cell = Readonly<Record<string, unknown>>;

/**
 * The cells of a matrix, in GitHub's order: every combination but the excluded ones; then each entry of `include` goes into all
 * combinations that it does not contradict, or is a cell of its own.
 * @param matrix with its expressions evaluated
 * @returns one empty cell where there is no matrix
 * @throws Error where GitHub would refuse it
 */
export function cellsOf(matrix: unknown): readonly Cell[] {
  if (matrix === undefined || matrix === null) return [{}];
  if (!isMapping(matrix)) throw new Error('a matrix has to be a mapping');
  const { include = [], exclude = [], ...axes } = matrix;
  const included = asCells(include, 'include');
  const excluded = asCells(exclude, 'exclude');
  const combined = combine(axes).filter((cell) => !excluded.some((each) => agrees(cell, each)));
  const cells: Cell[] = [...combined];
  for (const extra of included) {
    const own = Object.fromEntries(Object.entries(extra).filter(([key]) => key in axes));
    const fits = combined.flatMap((cell, index) => (agrees(cell, own) ? [index] : []));
    if (fits.length === 0) cells.push(extra);
    for (const index of fits) cells[index] = { ...cells[index], ...extra };
  }
  if (cells.length > 256) throw new Error(`a matrix of ${cells.length} cells; GitHub allows 256`);
  if (cells.length === 0) throw new Error('a matrix without cells');
  return cells;
}

function combine(axes: Cell): readonly Cell[] {
  const names = Object.entries(axes);
  if (names.length === 0) return [];
  return names.reduce<readonly Cell[]>(
    (cells, [name, values]) => {
      if (!Array.isArray(values)) throw new Error(`matrix.${name} has to be a list`);
      return cells.flatMap((cell) => values.map((value) => ({ ...cell, [name]: value })));
    },
    [{}],
  );
}

function agrees(cell: Cell, other: Cell): boolean {
  return Object.entries(other).every(([key, value]) => isDeepStrictEqual(cell[key], value));
}

function asCells(value: unknown, name: string): readonly Cell[] {
  if (!Array.isArray(value) || !value.every(isMapping)) throw new Error(`matrix.${name} has to be a list of mappings`);
  return value;
}

/** Values of flags. */

import { InvalidArgumentError } from 'commander';

/** @throws InvalidArgumentError for what is no whole number above 0 */
export function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0 && count <= 65_535) return count;
  throw new InvalidArgumentError('Write a whole number.');
}

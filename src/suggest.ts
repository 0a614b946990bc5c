/** Which known name was meant by an unknown one. */

/** Longer lists are not searched further: a hint is not worth a pause. */
const MAX_CANDIDATES = 200;
/** Longer words are no misspelt names. */
const MAX_WORD = 64;

/**
 * The candidate that is nearest to a word, letter case aside, if one is near enough to be what was meant: one letter
 * off in a short word, up to a third in a longer one.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(wanted.length / 3));
  let searched = 0;
  for (const candidate of candidates) {
    if (++searched > MAX_CANDIDATES) break;
    const distance = editDistance(wanted, candidate.toLowerCase(), limit);
    if (distance > limit || (best !== undefined && distance === limit)) continue;
    best = candidate;
    limit = distance;
  }
  return best;
}

/** `Did you mean "x"?` for the nearest candidate, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(word, candidates);
  return found === undefined ? undefined : `Did you mean ${found}?`;
}

/** Up to `limit` names as a list for a hint. */
export function listNames(names: Iterable<string>, limit = 8): string {
  const all = [...names];
  const shown = all.slice(0, limit).join(', ');
  return all.length > limit ? `${shown} and ${all.length - limit} more` : shown;
}

/**
 * Edits (insert, delete, replace, swap of neighbours) from one word to another; any number above `limit` when it is
 * more than that. This is the optimal string alignment distance.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let least = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replace);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) least = Math.min(least, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(least);
    }
    if (Math.min(...current) > limit) return limit + 1;
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Lists in pages: `?n=` and `?last=`, with a Link to the next page (distribution-spec end-8b, RFC 5988). */

import { ApiError } from './api-error.ts';

export interface Page {
  readonly items: readonly string[];
  /** Query of the next page, when there is one. */
  readonly next?: string | undefined;
}

/**
 * Cuts the page that a query asks for out of a sorted list.
 * @param limit the longest page, whatever `n` says
 * @throws ApiError UNSUPPORTED when `n` is not a number
 */
export function pageOf(sorted: readonly string[], query: URLSearchParams, limit = 10_000): Page {
  const asked = query.get('n');
  if (asked !== null && !/^\d{1,9}$/.test(asked)) {
    throw new ApiError('UNSUPPORTED', 'n is not a number', { status: 400 });
  }
  const count = Math.min(asked === null ? limit : Number(asked), limit);
  const last = query.get('last');
  // A tag that was deleted since still marks a place: the next one is what sorts after it.
  const start = last === null ? 0 : firstAfter(sorted, last);
  const items = sorted.slice(start, start + count);
  const final = items.at(-1);
  if (final === undefined || start + count >= sorted.length) return { items };
  return { items, next: new URLSearchParams({ n: String(count), last: final }).toString() };
}

/** The `Link` header of a page. */
export function linkTo(path: string, next: string | undefined): Record<string, string> {
  return next === undefined ? {} : { Link: `<${path}?${next}>; rel="next"` };
}

function firstAfter(sorted: readonly string[], last: string): number {
  const index = sorted.findIndex((item) => item > last);
  return index < 0 ? sorted.length : index;
}

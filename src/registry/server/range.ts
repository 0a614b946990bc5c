/** Byte ranges, of requests (RFC 9110 §14) and of chunks (distribution-spec end-5). */

/** First and last byte, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a `Range` header asks of content of a size.
 * @returns undefined to send all of it: no range, another unit, or several ranges, which a server may ignore
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const spec = /^bytes=(?<first>\d*)-(?<last>\d*)$/i.exec(header?.replaceAll(' ', '') ?? '')?.groups;
  if (spec === undefined || (spec.first === '' && spec.last === '')) return undefined;
  const range =
    spec.first === ''
      ? { start: Math.max(0, size - Number(spec.last)), end: size - 1 }
      : { start: Number(spec.first), end: spec.last === '' ? size - 1 : Math.min(Number(spec.last), size - 1) };
  // RFC 9110 would have 500-0 ignored as malformed; the conformance suite wants 416, and so do we: it is a bug to show.
  return range.start > range.end || range.start >= size ? 'unsatisfiable' : range;
}

/**
 * The `Content-Range` of a chunk: `0-1023`, or the RFC's `bytes 0-1023/*`, which some clients send.
 * @returns undefined when there is no such header
 */
export function parseContentRange(header: string | undefined): ByteRange | 'malformed' | undefined {
  if (header === undefined) return undefined;
  const found = /^(?:bytes[ =])?(?<start>\d+)-(?<end>\d+)(?:\/(?:\*|\d+))?$/.exec(header.trim())?.groups;
  if (found === undefined) return 'malformed';
  const range = { start: Number(found.start), end: Number(found.end) };
  return Number.isSafeInteger(range.end) && range.start <= range.end ? range : 'malformed';
}

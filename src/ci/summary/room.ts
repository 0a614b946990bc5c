/** How much a summary may hold. */

/**
 * A step's summary may have 1 MiB; one byte more, and GitHub shows none of it (docs.github.com, "Adding a job summary"). Some
 * is left for what other steps of the same action write.
 */
export const MAX_BYTES = 900_000;

/** A part of a summary; `optional` parts go where there is no room, the last first. */
export interface Part {
  readonly text: string;
  readonly optional?: boolean;
}

/** Joins parts, and says so where one had to go. */
export function fitParts(parts: readonly Part[], limit: number = MAX_BYTES): string {
  const kept = parts
    .filter(({ text }) => text !== '')
    .map(({ text, optional = false }) => ({ text, optional, bytes: Buffer.byteLength(text) + 1 }));
  let bytes = kept.reduce((sum, part) => sum + part.bytes, NOTE.length + 1);
  const isCut = bytes > limit;
  while (bytes > limit) {
    const at = kept.findLastIndex(({ optional }) => optional);
    if (at === -1) break;
    for (const gone of kept.splice(at, 1)) bytes -= gone.bytes;
  }
  return [...kept.map(({ text }) => text), ...(isCut ? [NOTE] : []), ''].join('\n');
}

const NOTE = '<p>More would not have fitted into a summary; the log has all of it.</p>';

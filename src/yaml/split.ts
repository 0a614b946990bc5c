/**
 * A YAML stream cut into its documents before anything is parsed, so that a broken document hides no other, and a stream
 * of ten megabytes is held as events one document at a time.
 */

/** One document, or a few lines between two. */
export interface YamlPart {
  readonly text: string;
  /** Its first line in the stream, from 1. */
  readonly line: number;
}

/** YAML 1.2, 9.1.2: these stand at the start of a line, and no scalar may hold such a line. */
const MARKER = /(?<=^|\n|\r)(?:\uFEFF?---(?=[\s]|$)|\.\.\.[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|$))/g;
const ONLY_DIRECTIVES =
  /^(?:\uFEFF?[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\n|\r(?!\n)|$)|%[A-Z]+[^\S\r\n][^\r\n]*(?:\r\n|\n|\r(?!\n)|$))*$/;

/** Cuts a stream at its document markers. Directives (`%YAML`) stay with the document that they are for. */
export function* splitDocuments(stream: string): Generator<YamlPart> {
  let start = 0;
  let line = 1;
  for (const end of [...boundaries(stream), stream.length]) {
    const text = stream.slice(start, end);
    if (text.includes('%') && end < stream.length && ONLY_DIRECTIVES.test(text)) continue;
    if (text !== '') yield { text, line };
    line += countLines(text);
    start = end;
  }
}

function boundaries(stream: string): readonly number[] {
  const found: number[] = [];
  for (const { index, 0: marker } of stream.matchAll(MARKER)) {
    found.push(marker.startsWith('...') ? index + marker.length : index);
  }
  return found;
}

function countLines(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  // Only old Macs end lines with a carriage return alone.
  if (text.includes('\r')) count += text.match(/\r(?!\n)/g)?.length ?? 0;
  return count;
}

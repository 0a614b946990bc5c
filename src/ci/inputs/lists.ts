/** Lists in action inputs: one item a line, or CSV with quotes, as docker's actions read them. */

export interface ListRules {
  /** Whether commas separate items too. Not where values may hold commas: labels, build arguments, secrets. */
  readonly comma: boolean;
  /** Whether white space around items goes. Not for secrets. */
  readonly trim?: boolean | undefined;
}

/**
 * Reads a list. An item that starts with a double quote runs to the closing one, over commas and line ends, and `""` in
 * it stands for one quote (RFC 4180; docker/actions-toolkit, `Util.getList`). A quote elsewhere is just a character.
 */
export function parseList(text: string, { comma, trim = true }: ListRules): readonly string[] {
  const items: string[] = [];
  let position = 0;
  while (position < text.length) {
    const { value, next } = readItem(text, position, comma);
    position = next;
    const item = trim ? value.trim() : value;
    if (item.trim() !== '') items.push(item);
  }
  return items;
}

/**
 * Reads a list of `KEY=VALUE`. Later ones win; a key without `=` has the value of an empty text.
 */
export function parsePairs(text: string, rules: ListRules): Readonly<Record<string, string>> {
  return Object.fromEntries(
    parseList(text, rules).map((item) => {
      const equals = item.indexOf('=');
      return equals < 0 ? [item.trim(), ''] : [item.slice(0, equals).trim(), item.slice(equals + 1)];
    }),
  );
}

function readItem(text: string, start: number, comma: boolean): { value: string; next: number } {
  const quote = /^[ \t]*"/.exec(text.slice(start, start + 80));
  const quoted = quote === null ? undefined : readQuoted(text, start + quote[0].length);
  let end = quoted?.next ?? start;
  while (end < text.length && text[end] !== '\n' && !(comma && text[end] === ',')) end++;
  const rest = text.slice(quoted?.next ?? start, end).replace(/\r$/, '');
  return { value: (quoted?.value ?? '') + rest, next: end + 1 };
}

/** The text up to the closing quote, or nothing when there is none: then the quote was just a character. */
function readQuoted(text: string, start: number): { value: string; next: number } | undefined {
  let value = '';
  for (let i = start; i < text.length; i++) {
    if (text[i] !== '"') value += text[i];
    else if (text[i + 1] === '"') value += text[i++];
    else return { value, next: i + 1 };
  }
  return undefined;
}

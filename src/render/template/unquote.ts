/** Strings as Go writes them (strconv.Unquote, strconv.Quote). */

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
]);
const ESCAPE = /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|[\s\S]?)/g;

/**
 * What a quoted string means, given what stands between its quotes.
 * @returns undefined if it has an escape that Go does not know
 */
export function unquote(inner: string): string | undefined {
  let isValid = true;
  const text = inner.replaceAll(ESCAPE, (_all, simple, hex, short, long, octal) => {
    if (simple !== undefined) return SIMPLE.get(simple) ?? '';
    const code = hex ?? short ?? long;
    if (code !== undefined && Number.parseInt(code, 16) <= 0x10ffff)
      return String.fromCodePoint(Number.parseInt(code, 16));
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    isValid = false;
    return '';
  });
  return isValid ? text : undefined;
}

/** A string in double quotes, as `%q` and `quote` write it. */
export function quote(text: string): string {
  const escaped = text.replaceAll(/["\\\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu, (char) => {
    if (char === ' ') return char;
    for (const [letter, meaning] of SIMPLE) if (meaning === char && letter !== "'") return `\\${letter}`;
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

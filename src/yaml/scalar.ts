/** A text as a YAML scalar on one line: plain where every reader of YAML takes it for that text, else in quotes. */

/**
 * Writes a text as a scalar. Plain scalars must not begin with an indicator, hold `: ` or ` #`, or look like another type
 * to readers of YAML 1.1 or 1.2 (yaml.org/spec/1.2.2, 7.3.3 and 10.3).
 */
export function yamlScalar(text: string): string {
  if (PLAIN.test(text) && !/: |:$| #| $/.test(text) && !OTHER_TYPE.test(text)) return text;
  return isPrintable(text) ? `'${text.replaceAll("'", "''")}'` : doubleQuoted(text);
}

/** Begins with a letter, digit, `/`, `.` or `_`, and has nothing but printable characters. */
const PLAIN = /^[\p{L}\p{Nd}/._][^\p{C}\p{Zl}\p{Zp}]*$/u;
/** Booleans, null, numbers, dates, sexagesimals, special floats and merge keys. */
const OTHER_TYPE =
  /^(?:y|n|yes|no|on|off|true|false|null|[-+.]?(?:\d[\d_,.:eExXoOa-fA-F+-]*|inf|nan)(?:[ tTzZ][\d:.+zZ -]*)?|\.)$/i;

function isPrintable(text: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
}

/** JSON's escapes are YAML's too. What JSON leaves as it is and YAML 1.1 does not print is escaped besides. */
function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    character.length > 1
      ? `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * How go-yaml v2 breaks long lines (emitterc.go, write_plain_scalar and its siblings): at the first single blank behind
 * column 80.
 */

const WIDTH = 80;

export interface FoldSpot {
  /** Of the lines that follow. */
  readonly indent: string;
  /** Where the first line stands already. */
  readonly column: number;
  readonly isKey?: boolean;
}

/** Plain text. */
export function fold(text: string, spot: FoldSpot): string {
  return foldChars([...text], spot, { column: spot.column, atEdges: true, escapesBlank: false });
}

/** Text in single quotes; quotes inside are doubled. */
export function foldSingleQuoted(text: string, spot: FoldSpot): string {
  const chars = Array.from(text, (char) => (char === "'" ? "''" : char));
  return `'${foldChars(chars, spot, { column: spot.column + 1, atEdges: false, escapesBlank: false })}'`;
}

/** Text in double quotes, its characters escaped already. */
export function foldQuoted(chars: readonly string[], spot: FoldSpot): string {
  return `"${foldChars(chars, spot, { column: spot.column + 1, atEdges: false, escapesBlank: true })}"`;
}

interface Style {
  readonly column: number;
  /** Whether the first and the last character may be where it breaks. */
  readonly atEdges: boolean;
  /** Whether a blank that begins a line is escaped; otherwise a line is not broken before one. */
  readonly escapesBlank: boolean;
}

function foldChars(chars: readonly string[], spot: FoldSpot, style: Style): string {
  let column = style.column;
  let wasBlank = false;
  let text = '';
  for (const [i, char] of chars.entries()) {
    const isBlank = char === ' ';
    const isInside = style.atEdges || (i > 0 && i < chars.length - 1);
    const nextIsBlank = chars[i + 1] === ' ';
    const breaks = isBlank && !wasBlank && column > WIDTH && isInside && spot.isKey !== true;
    if (breaks && (style.escapesBlank || !nextIsBlank)) {
      text += `\n${spot.indent}${nextIsBlank ? '\\' : ''}`;
      column = spot.indent.length + (nextIsBlank ? 1 : 0);
    } else {
      text += char;
      column += [...char].length;
    }
    wasBlank = isBlank;
  }
  return text;
}

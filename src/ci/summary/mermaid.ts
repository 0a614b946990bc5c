/** Diagrams that GitHub draws: names from outside become text in them, whatever they hold. */

/** Characters of a label at most. */
const MAX_LABEL = 60;

/**
 * Text in a diagram. Whatever could end a label, a line or the code block, start a comment, a link or an entity, is written as
 * an entity code of mermaid's (mermaid.js.org, "Entity codes to escape characters").
 * @param length characters of it at most
 */
export function mermaidText(text: string, length: number = MAX_LABEL): string {
  const short = text.length > length ? `${text.slice(0, length - 1)}…` : text;
  const line = short.toWellFormed().replace(/\s+/g, ' ').trim();
  const safe = [...line].map((character) =>
    /[\p{L}\p{N} ._/…-]/u.test(character) ? character : `#${character.codePointAt(0)};`,
  );
  // An empty label, or one that is a keyword, would be read as something else.
  return safe.length === 0 ? '-' : safe.join('');
}

/**
 * A diagram as a block of Markdown. The blank lines around it are what makes it one between pieces of HTML.
 * @param lines made of our own words and of `mermaidText`
 */
export function mermaidBlock(lines: readonly string[]): string {
  return ['', '```mermaid', ...lines, '```', ''].join('\n');
}

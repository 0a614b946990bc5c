/** Pieces of HTML that GitHub allows in a summary. Everything from outside is escaped here. */

/** Rows of one table at most: a summary may have 1 MiB, and nobody reads further. */
export const MAX_ROWS = 150;

/**
 * A table.
 * @param rows cells are HTML already
 */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const head =
    titles.length === 0 ? [] : [`<tr>${titles.map((title) => `<th align="left">${title}</th>`).join('')}</tr>`];
  const body = rows.slice(0, MAX_ROWS).map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  const more = rows.length > MAX_ROWS ? [`<tr><td>… and ${rows.length - MAX_ROWS} more</td></tr>`] : [];
  // No blank line may come in: Markdown would start again behind it.
  return ['<table>', ...head, ...body, ...more, '</table>'].join('\n');
}

/**
 * What can be folded away.
 * @param title HTML
 * @param content HTML
 */
export function details(title: string, content: string, isOpen: boolean): string {
  return `<details${isOpen ? ' open' : ''}><summary>${title}</summary>\n${content}\n</details>`;
}

/** Text as code. */
export function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`;
}

/** Cuts long text. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
  '|': '&#124;',
  // Where Markdown is read again, `![](…)` would load something from elsewhere.
  '[': '&#91;',
  // @name in a summary would notify somebody.
  '@': '&#64;',
};

/** Text that cannot become a tag, a table, code or a mention; on one line. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`|[@]/g, (character) => ENTITIES[character] ?? character).replace(/[\r\n]+/g, ' ');
}

/** Shares of a whole as bars of text, which any reader of a summary shows. */

/** Characters of a full bar. */
const WIDTH = 20;

/** `████░░░░`: a part of the largest one, so that the first bar of a list is full. Something is never shown as nothing. */
export function bar(part: number, largest: number): string {
  const share = largest === 0 ? 0 : part / largest;
  const filled = part === 0 ? 0 : Math.max(1, Math.round(share * WIDTH));
  return `<code>${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}</code>`;
}

/** `12 %`, `0.4 %`. */
export function percent(part: number, whole: number): string {
  const value = whole === 0 ? 0 : (100 * part) / whole;
  return `${value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)} %`;
}

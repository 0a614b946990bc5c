/** Keeps secrets out of what people read. */

/** Shorter values would blank half of a log, and are no secrets. */
const MIN_SECRET = 4;

/** A function that replaces each of the secrets by `***`; the longest first, because one may be part of another. */
export function blanker(secrets: readonly string[]): (text: string) => string {
  const lines = secrets.flatMap((secret) => [secret, ...secret.split('\n')]);
  const values = [...new Set(lines.map((line) => line.trim()))]
    .filter((value) => value.length >= MIN_SECRET)
    .toSorted((a, b) => b.length - a.length);
  return (text) => values.reduce((blanked, value) => blanked.replaceAll(value, '***'), text);
}

/** Keeping the values of secrets out of what is printed. */

/** Shorter lines would mask half of the output and protect nothing. */
const SHORTEST = 4;

/**
 * A function that blanks secrets in a line of text. A secret of several lines is masked line by line.
 * @param secrets the values
 */
export function createMask(secrets: readonly string[]): (line: string) => string {
  const values = [
    ...new Set(secrets.flatMap((secret) => [secret.trim(), ...secret.split(/\r?\n/).map((line) => line.trim())])),
  ]
    .filter((value) => value.length >= SHORTEST)
    // The longest first, so that a secret within another does not leave the rest of that one visible.
    .sort((a, b) => b.length - a.length);
  return (line) => values.reduce((text, value) => text.replaceAll(value, '***'), line);
}

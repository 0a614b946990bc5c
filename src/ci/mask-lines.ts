/** Secrets in the runner's log. */

/** The runner masks by line, so a secret of several lines is several secrets. Very short lines would mask everything. */
export function maskLines(value: string, mask: (secret: string) => void): void {
  if (value === '') return;
  mask(value);
  for (const line of value.split(/\r?\n/)) if (line.trim().length > 3) mask(line.trim());
}

/** An image reference in the pieces in which charts and values files name it. */

/**
 * The reference and what is left of it without digest, tag and registry, the most telling first. Text that is no
 * reference has itself alone.
 */
export function partsOf(value: string): readonly string[] {
  if (!/^[\w.-]+(?::\d+)?(?:\/[\w.-]+)*(?::[\w.-]+)?(?:@[\w.+-]+:[0-9a-fA-F]+)?$/.test(value)) return [value];
  const [tagged = value, digest] = value.split('@');
  const repository = tagged.replace(/:[^/:]*$/, '');
  const slash = repository.indexOf('/');
  const first = repository.slice(0, Math.max(0, slash));
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const short = hasRegistry ? repository.slice(slash + 1) : repository;
  const parts = [value, tagged, tagged.slice(hasRegistry ? slash + 1 : 0), repository, short];
  return [...new Set(digest === undefined ? parts : [...parts, digest])];
}

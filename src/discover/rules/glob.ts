/** Patterns over image names, as ignore lists and rules have them. */

import { familiarReference, formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { isIgnoredBy } from './ignored.ts';

/** Whether a pattern means an image. */
export type NameMatcher = (reference: Reference) => boolean;

/**
 * Compiles a pattern. With `*` (any characters) or `?` (one character) it is a glob over the complete name or the short
 * one, with or without its digest; without, it is a reference.
 * @throws SealerError INVALID_REFERENCE for a pattern that is neither
 */
export function compilePattern(pattern: string): NameMatcher {
  if (!/[*?]/.test(pattern)) {
    const entry = parseReference(pattern);
    return (reference) => isIgnoredBy(entry, reference);
  }
  return (reference) => {
    const names = [formatReference(reference), familiarReference(reference)];
    return names.some((name) => matchesGlob(pattern, name) || matchesGlob(pattern, name.replace(/@.*$/, '')));
  };
}

/** Whether a glob matches a whole text; in linear time for any pattern, as a regular expression would not. */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let i = 0;
  while (i < text.length) {
    if (glob[at] === '*') {
      star = at++;
      resume = i;
    } else if (glob[at] === '?' || glob[at] === text[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (glob[at] === '*') at++;
  return at === glob.length;
}

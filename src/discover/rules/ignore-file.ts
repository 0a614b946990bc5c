/** Lists of images that are to stay out: `.sealignore`, `--ignored-image-list`. */

import type { Problem } from '../../error.ts';
import { SealerError } from '../../error.ts';
import { entriesOfList, findInImageList } from '../lists/image-list.ts';
import { compilePattern } from './glob.ts';
import { isIgnoredBy } from './ignored.ts';
import type { NamePattern } from './rules.ts';

/**
 * Parses `.sealignore`: a reference or glob per line, `#` comments.
 * @param file how to name the file in places
 */
export function parseIgnoreFile(text: string, file: string): { patterns: NamePattern[]; problems: Problem[] } {
  const patterns: NamePattern[] = [];
  const problems: Problem[] = [];
  for (const { entry, at } of entriesOfList(text, file)) {
    try {
      patterns.push({ text: entry, at, matches: compilePattern(entry) });
    } catch (error) {
      if (!(error instanceof SealerError)) throw error;
      problems.push({ code: error.code, message: error.message, hint: error.hint, at });
    }
  }
  return { patterns, problems };
}

/** Parses `--ignored-image-list`: globs and references a line, or an image list in YAML. */
export function parseIgnoredList(text: string, file: string): { patterns: NamePattern[]; problems: Problem[] } {
  const isYaml = /^\uFEFF?(?:\s|#.*\n)*(?:---|-\s|\[|\{|images:(?:\s|$))/.test(text);
  if (!isYaml) return parseIgnoreFile(text, file);
  const { findings, problems } = findInImageList(text, file);
  const patterns = findings.map(
    ({ text: entry, at, reference }): NamePattern => ({
      text: entry,
      at,
      matches: (each) => isIgnoredBy(reference, each),
    }),
  );
  return { patterns, problems };
}

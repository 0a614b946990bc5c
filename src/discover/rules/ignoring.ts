/** What shall stay out: `sealer.yaml`'s images.ignore, `.sealignore` and `--ignored-image-list` together. */

import type { Problem } from '../../error.ts';
import type { Finding } from '../finding.ts';
import { parseIgnoredList, parseIgnoreFile } from './ignore-file.ts';
import type { NamePattern, Rules } from './rules.ts';

export interface Ignoring {
  readonly patterns: readonly NamePattern[];
  readonly problems: readonly Problem[];
}

interface List {
  readonly file: string;
  readonly text: string;
}

/** Parses all of them. */
export function parseIgnoring(rules: Rules, ignoreFile: List | undefined, lists: readonly List[]): Ignoring {
  const parsed = [
    ...(ignoreFile === undefined ? [] : [parseIgnoreFile(ignoreFile.text, ignoreFile.file)]),
    ...lists.map(({ text, file }) => parseIgnoredList(text, file)),
  ];
  return {
    patterns: [...rules.ignore, ...parsed.flatMap(({ patterns }) => patterns)],
    problems: parsed.flatMap(({ problems }) => problems),
  };
}

/** Leaves out what is ignored. An entry that matches nothing is a warning: it may be misspelt, or outlived. */
export function withoutIgnored(
  findings: readonly Finding[],
  { patterns, problems }: Ignoring,
): { findings: Finding[]; problems: Problem[] } {
  const used = new Set<NamePattern>();
  const kept = findings.filter(({ reference }) => {
    const matching = patterns.filter(({ matches }) => matches(reference));
    for (const pattern of matching) used.add(pattern);
    return matching.length === 0;
  });
  const unused = patterns
    .filter((pattern) => !used.has(pattern))
    .map(({ text, at }): Problem => {
      const message = `Nothing names an image that ${text} would ignore`;
      return { code: 'UNUSED_PATTERN', message, hint: 'Remove the entry, or mend it.', at, severity: 'warning' };
    });
  return { findings: kept, problems: [...problems, ...unused] };
}

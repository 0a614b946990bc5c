/** Wildcards as Go's `filepath.Match` has them, which is what COPY and ADD promise. */

import { SealerError } from '../../error.ts';

const SPECIAL = /[*?[\\]/;

/** Whether a path has wildcards or escapes in it. */
export function isPattern(path: string): boolean {
  return SPECIAL.test(path);
}

/**
 * Compiles one path segment: `*` and `?` (never a slash), `[a-z]`, `[^a-z]` and `\` escapes. Names that start with a dot
 * are matched as any other, as Go does.
 * @throws SealerError BAD_ARGUMENTS when a class is not closed or an escape has nothing to escape
 */
export function compileSegment(pattern: string): (name: string) => boolean {
  let source = '';
  let at = 0;
  while (at < pattern.length) {
    const char = pattern.charAt(at);
    if (char === '[') {
      const { text, end } = readClass(pattern, at);
      source += text;
      at = end;
      continue;
    }
    if (char === '\\') at += 1;
    if (at >= pattern.length) throw malformed(pattern, 'it ends in a lone backslash');
    source += char === '*' ? '[^/]*' : char === '?' ? '[^/]' : escapeLiteral(pattern.charAt(at));
    at += 1;
  }
  const regexp = new RegExp(`^${source}$`, 'su');
  return (name) => regexp.test(name);
}

/** Splits a pattern at slashes; Go has no way to put a slash into a class or an escape. */
export function splitPattern(pattern: string): string[] {
  return pattern.split('/').filter((segment) => segment !== '' && segment !== '.');
}

function readClass(pattern: string, start: number): { text: string; end: number } {
  let at = start + 1;
  let text = '[';
  if (pattern[at] === '^') {
    text += '^';
    at += 1;
  }
  let members = 0;
  while (at < pattern.length && (pattern[at] !== ']' || members === 0)) {
    if (pattern[at] === ']') throw malformed(pattern, 'a class [] is empty');
    const low = readMember(pattern, at);
    at = low.end;
    text += escapeMember(low.char);
    if (pattern[at] === '-') {
      const high = readMember(pattern, at + 1);
      if (high.char < low.char) throw malformed(pattern, `the range ${low.char}-${high.char} is backwards`);
      text += `-${escapeMember(high.char)}`;
      at = high.end;
    }
    members += 1;
  }
  if (at >= pattern.length) throw malformed(pattern, 'a class [ is not closed');
  return { text: `${text}]`, end: at + 1 };
}

function readMember(pattern: string, at: number): { char: string; end: number } {
  const escaped = pattern[at] === '\\' ? 1 : 0;
  const char = pattern[at + escaped];
  if (char === undefined || (escaped === 0 && (char === '-' || char === ']'))) {
    throw malformed(pattern, 'a class [ is malformed');
  }
  return { char, end: at + escaped + 1 };
}

function escapeLiteral(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

function escapeMember(char: string): string {
  return /[\\\]^-]/.test(char) ? `\\${char}` : char;
}

function malformed(pattern: string, why: string): SealerError {
  return new SealerError('BAD_ARGUMENTS', `"${pattern}" is not a pattern: ${why}`, {
    hint: 'Put a backslash before *, ?, [ or \\ to mean the character itself.',
  });
}

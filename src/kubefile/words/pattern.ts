/**
 * Shell patterns of `${X#pattern}` and its kin: `*` any text, `?` one character, a backslash takes the meaning away.
 * Matched by stepping through all positions at once, so that no pattern takes more than pattern × text steps (regular
 * expressions made from such patterns can take for ever).
 */

/** The value without the shortest (or longest) match at its start or end. */
export function removeMatch(value: string, pattern: string, side: 'start' | 'end', longest: boolean): string {
  const tokens = parsePattern(pattern);
  if (side === 'start') {
    const length = matchLength(tokens, value, 0, longest);
    return length === undefined ? value : value.slice(length);
  }
  const length = matchLength(tokens.toReversed(), value.split('').toReversed().join(''), 0, longest);
  return length === undefined ? value : value.slice(0, value.length - length);
}

/** The value with its first match (or all) replaced; of several matches at one place the longest counts. */
export function replaceMatch(value: string, pattern: string, replacement: string, all: boolean): string {
  const tokens = parsePattern(pattern);
  let result = '';
  let index = 0;
  while (index < value.length) {
    const length = matchLength(tokens, value, index, true);
    if (length === undefined || length === 0) {
      result += value[index++] ?? '';
      continue;
    }
    result += replacement;
    index += length;
    if (!all) break;
  }
  return result + value.slice(index);
}

type Token = { readonly wildcard: '*' | '?' } | { readonly character: string };

function parsePattern(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? '';
    if (character === '*' || character === '?') tokens.push({ wildcard: character });
    else if (character === '\\' && index + 1 < pattern.length) tokens.push({ character: pattern[++index] ?? '' });
    else tokens.push({ character });
  }
  return tokens;
}

function matchLength(tokens: readonly Token[], value: string, start: number, longest: boolean): number | undefined {
  let found: number | undefined;
  let states = skipStars(tokens, new Set([0]));
  for (let index = start; ; index++) {
    if (states.has(tokens.length)) {
      found = index - start;
      if (!longest) return found;
    }
    const character = value[index];
    if (character === undefined || states.size === 0) return found;
    states = skipStars(tokens, step(tokens, states, character));
  }
}

function step(tokens: readonly Token[], states: ReadonlySet<number>, character: string): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const token = tokens[state];
    if (token === undefined) continue;
    if ('character' in token) {
      if (token.character === character) next.add(state + 1);
    } else next.add(token.wildcard === '*' ? state : state + 1);
  }
  return next;
}

/** A star also stands for nothing. A set that grows is walked to its new end. */
function skipStars(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) {
    const token = tokens[state];
    if (token !== undefined && 'wildcard' in token && token.wildcard === '*') states.add(state + 1);
  }
  return states;
}

/** Which words stand in which lines of a text; keys of YAML are words that end with a colon. */

/** A text in which words are looked for. */
export interface Words {
  readonly lines: readonly string[];
  /** Numbers of the lines that have a word, counted from 1. What is a comment has none. */
  linesWith(word: string): readonly number[];
}

/** What separates words in YAML and in Go templates, flow style and arguments (`--image=…`) included. */
const SEPARATORS = /[\s"'`,{}()[\]=|]+/;
/** Lines longer than this are data, in which nobody looks for a name. */
const MAX_LINE = 4096;
/** So many questions to a text cost more than an index of it: one of 2,000 templates is asked once, a values file always. */
const QUESTIONS = 32;

/** The words of a text. */
export function wordsOf(text: string): Words {
  const lines = text.split('\n');
  let questions = 0;
  let index: ReadonlyMap<string, readonly number[]> | undefined;
  return {
    lines,
    linesWith(word) {
      questions += 1;
      if (questions > QUESTIONS) index ??= indexOf(lines);
      if (index !== undefined) return index.get(word) ?? [];
      return text.includes(word) ? lines.flatMap((line, i) => (hasWord(line, word) ? [i + 1] : [])) : [];
    },
  };
}

/** The key of a line of YAML: `image` of `- image: nginx`. */
export function keyOf(line: string): string | undefined {
  return /^\s*(?:-\s+)*["']?([\w./-]+)["']?\s*:(?:\s|$)/.exec(line)?.[1];
}

function indexOf(lines: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const words = new Map<string, number[]>();
  for (const [i, line] of lines.entries()) {
    for (const word of wordsIn(line)) {
      const found = words.get(word);
      if (found === undefined) words.set(word, [i + 1]);
      else if (found.at(-1) !== i + 1) found.push(i + 1);
    }
  }
  return words;
}

function hasWord(line: string, word: string): boolean {
  return line.includes(word) && wordsIn(line).includes(word);
}

function wordsIn(line: string): readonly string[] {
  return line.length > MAX_LINE || /^\s*#/.test(line) ? [] : line.split(SEPARATORS).flatMap(formsOf);
}

/** In `{{ .registry }}/shop/web:{{ .tag }}` the word between is `/shop/web:`, and means `shop/web`. */
function formsOf(word: string): readonly string[] {
  if (word === '' || word === ':' || word === '-' || word === '/') return [];
  const bare = word.replace(/^[/:@]+/, '').replace(/[/:@]+$/, '');
  return bare === word || bare === '' ? [word] : [word, bare];
}

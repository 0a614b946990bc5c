/** Which words stand in which lines of a text; keys of YAML are words that end with a colon. */

/** Line numbers by word. What is a comment is not there. */
export type Words = ReadonlyMap<string, readonly number[]>;

/** What separates words in YAML and in Go templates, flow style and arguments (`--image=…`) included. */
const SEPARATORS = /[\s"'`,{}()[\]=|]+/;

/** Lines longer than this are data, in which nobody looks for a name. */
const MAX_LINE = 4096;

/** The words of a text. */
export function wordsOf(text: string): Words {
  const words = new Map<string, number[]>();
  for (const [i, line] of text.split('\n').entries()) {
    if (line.length > MAX_LINE || /^\s*#/.test(line)) continue;
    for (const word of line.split(SEPARATORS)) {
      for (const form of formsOf(word)) {
        const lines = words.get(form);
        if (lines === undefined) words.set(form, [i + 1]);
        else if (lines.at(-1) !== i + 1) lines.push(i + 1);
      }
    }
  }
  return words;
}

/** The key of a line of YAML: `image` of `- image: nginx`. */
export function keyOf(line: string): string | undefined {
  return /^\s*(?:-\s+)*["']?([\w./-]+)["']?\s*:(?:\s|$)/.exec(line)?.[1];
}

/** In `{{ .registry }}/shop/web:{{ .tag }}` the word between is `/shop/web:`, and means `shop/web`. */
function formsOf(word: string): readonly string[] {
  if (word === '' || word === ':' || word === '-' || word === '/') return [];
  const bare = word.replace(/^[/:@]+/, '').replace(/[/:@]+$/, '');
  return bare === word || bare === '' ? [word] : [word, bare];
}

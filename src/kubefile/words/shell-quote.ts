/** Words as a POSIX shell reads them back. */

/** One shell line that runs these words as one command: `x 'y z'`. */
export function quoteShellWords(words: readonly string[]): string {
  return words.map(quoteShellWord).join(' ');
}

/** Single quotes take every meaning away but their own. A `~` or `=` in front of a word means something to a shell. */
function quoteShellWord(word: string): string {
  if (/^[A-Za-z0-9_./:@%+,-][A-Za-z0-9_./:@%+,=-]*$/.test(word) && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

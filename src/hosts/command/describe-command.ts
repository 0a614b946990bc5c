/** A command as people read it. */

/** The words of a command, quoted where a shell would need it; a program for `sh -c` is told by its name alone. */
export function describeCommand(argv: readonly string[]): string {
  const [shell, flag, program, ...rest] = argv;
  if (shell === 'sh' && flag === '-c' && program?.includes('\n') && rest.length > 0) return quote(rest);
  return quote(argv);
}

function quote(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

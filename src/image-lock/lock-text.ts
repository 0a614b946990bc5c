/** The text of a lock as lines that all end the same way, and how they ended: an editor's line ends are kept. */

export interface LockText {
  /** Without byte order mark; every line ends with a line feed alone. */
  readonly text: string;
  readonly hasByteOrderMark: boolean;
  readonly lineEnd: '\n' | '\r\n';
}

/** Takes byte order mark and line ends off. Lines keep their numbers. */
export function readLockText(source: string): LockText {
  const hasByteOrderMark = source.startsWith('\uFEFF');
  const text = (hasByteOrderMark ? source.slice(1) : source).replace(/\r\n?/g, '\n');
  return { text, hasByteOrderMark, lineEnd: /\r?\n/.exec(source)?.[0] === '\r\n' ? '\r\n' : '\n' };
}

/** Puts them on again. */
export function writeLockText(lines: readonly string[], like: Omit<LockText, 'text'>): string {
  const body = lines.map((line) => `${line}${like.lineEnd}`).join('');
  return like.hasByteOrderMark ? `\uFEFF${body}` : body;
}

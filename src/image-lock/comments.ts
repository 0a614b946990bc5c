/**
 * The comments and blank lines of a lock, each with what it belongs to, so that they can stand there again when the lock
 * is written anew. A comment belongs to what follows it; behind something, to that; and after the last of several
 * things, indented as they are, to what holds them.
 */

import { parseYamlTree, type YamlScalar, type YamlValue } from './yaml-tree.ts';

/** What stands around a key or list item. Lines are without indentation; empty ones are blank. */
export interface Comments {
  readonly above: string[];
  /** On its own line. */
  behind: string | undefined;
  /** After the last thing that it holds. */
  readonly end: string[];
}

/** By the path of what they belong to; see `pathOf`. The file's end is the path of nothing, its top that of `TOP`. */
export type CommentMap = ReadonlyMap<string, Comments>;

/** The name of a key or list item by all that it is in: `pathOf('images', 'docker.io/library/nginx:1.27', 'digest')`. */
export function pathOf(...steps: readonly string[]): string {
  return steps.join('\n');
}

/** What stands at the top of the file stays there, whatever follows it: above the version. */
const TOP = 'version';

/**
 * Finds the comments.
 * @param text with line feeds alone
 * @throws SealerError LOCK_INVALID
 */
export function readComments(text: string, file: string): CommentMap {
  const root = parseYamlTree(text, file);
  const lines = linesOf(text);
  const nodes: Node[] = [];
  const scalars: YamlScalar[] = [];
  const top: Holder = { path: pathOf(), column: 0, holder: undefined };
  if (root !== undefined) collect(root, top, { lines, nodes, scalars });
  const marks = findComments(text, lines, scalars);
  return assign(lines, nodes, marks, top);
}

/** What keys or items stand in; their column tells which comments stand in it too. */
interface Holder {
  readonly path: string;
  column: number;
  readonly holder: Holder | undefined;
}

/** A key or a list item. */
interface Node {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** What it is in. */
  readonly holder: Holder;
  /** Of what it holds itself. */
  readonly holds: Holder;
}

interface Line {
  readonly start: number;
  readonly text: string;
}

interface Collected {
  readonly lines: readonly Line[];
  readonly nodes: Node[];
  readonly scalars: YamlScalar[];
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    lines.push({ start, text: line });
    start += line.length + 1;
  }
  return lines;
}

/** All keys and items in the order of the text, and all scalars. */
function collect(value: YamlValue, holder: Holder, found: Collected): void {
  if (value.kind === 'scalar') found.scalars.push(value);
  if (value.kind === 'mapping') {
    for (const [i, { key, value: child }] of value.entries.entries()) {
      found.scalars.push(key);
      if (key.start < 0) continue;
      const { line, column } = placeOf(found.lines, key.start - (isQuoted(found.lines, key.start) ? 1 : 0));
      if (i === 0) holder.column = column;
      const path = holder.path === '' ? key.text : pathOf(holder.path, key.text);
      const holds: Holder = { path, column: column + 1, holder };
      found.nodes.push({ path, line, column, holder, holds });
      collect(child, holds, found);
    }
  }
  if (value.kind === 'sequence') {
    for (const [i, item] of value.items.entries()) {
      if (item.start < 0) continue;
      const { line, column } = placeOf(found.lines, item.start);
      // The dash counts, not the text behind it.
      const dash = Math.max(0, (found.lines[line]?.text ?? '').lastIndexOf('- ', column));
      if (i === 0) holder.column = dash;
      const path = pathOf(holder.path, item.kind === 'scalar' ? item.text : String(i));
      const holds: Holder = { path, column: dash + 1, holder };
      found.nodes.push({ path, line, column: dash, holder, holds });
      collect(item, holds, found);
    }
  }
}

function isQuoted(lines: readonly Line[], start: number): boolean {
  const { line, column } = placeOf(lines, start);
  return /["']/.test(lines[line]?.text[column - 1] ?? '');
}

function placeOf(lines: readonly Line[], offset: number): { readonly line: number; readonly column: number } {
  let low = 0;
  for (let high = lines.length; high - low > 1; ) {
    const middle = (low + high) >>> 1;
    if ((lines[middle]?.start ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return { line: low, column: offset - (lines[low]?.start ?? 0) };
}

/** By line, the column of its comment; lines inside a scalar of several lines are there with -1. */
function findComments(
  text: string,
  lines: readonly Line[],
  scalars: readonly YamlScalar[],
): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const written = scalars.filter(({ start }) => start >= 0).sort((a, b) => a.start - b.start);
  for (const { start, end } of written) {
    const last = placeOf(lines, end).line;
    for (let line = placeOf(lines, start).line + 1; line <= last; line++) found.set(line, -1);
  }
  let next = 0;
  for (const { index } of text.matchAll(/(?<![^\s])#/g)) {
    while ((written[next]?.end ?? text.length) <= index) next += 1;
    if ((written[next]?.start ?? text.length) <= index) continue;
    const { line, column } = placeOf(lines, index);
    // The first # begins the comment.
    if ((found.get(line) ?? -1) < 0) found.set(line, column);
  }
  return found;
}

function assign(
  lines: readonly Line[],
  nodes: readonly Node[],
  marks: ReadonlyMap<number, number>,
  top: Holder,
): CommentMap {
  const comments = new Map<string, Comments>();
  const of = (path: string): Comments => {
    const known = comments.get(path) ?? { above: [], behind: undefined, end: [] };
    comments.set(path, known);
    return known;
  };
  let next = 0;
  let run: { readonly text: string; readonly column: number }[] = [];
  for (const [number, { text }] of lines.entries()) {
    const following = nodes[next];
    const column = marks.get(number);
    if (following?.line === number) {
      if (next === 0) of(TOP).above.push(...run.map((line) => line.text));
      else place(run, nodes[next - 1], following, top, of);
      run = [];
      while (nodes[next]?.line === number) next += 1;
      if (column !== undefined && column >= 0) of(following.path).behind = text.slice(column).trimEnd();
    } else if (column === undefined && text.trim() === '') run.push({ text: '', column: -1 });
    else if (column !== undefined && column >= 0) run.push({ text: text.slice(column).trimEnd(), column });
  }
  while (run.at(-1)?.text === '') run.pop();
  if (nodes.length === 0) of(TOP).above.push(...run.map((line) => line.text));
  else place(run, nodes.at(-1), undefined, top, of);
  return comments;
}

/** Gives the lines between two nodes to what they belong to. Once one belongs further out, no later one is further in. */
function place(
  run: readonly { readonly text: string; readonly column: number }[],
  before: Node | undefined,
  after: Node | undefined,
  top: Holder,
  of: (path: string) => Comments,
): void {
  let inner: Holder | undefined = before?.holds ?? top;
  let blank: string[] = [];
  for (const { text, column } of run) {
    if (text === '') {
      blank.push(text);
      continue;
    }
    while (inner.holder !== undefined && inner.column > column) inner = inner.holder;
    const isInside = after === undefined || inner.column > after.column;
    if (!isInside) inner = top;
    const owner = isInside ? of(inner.path).end : of(after.path).above;
    owner.push(...blank, text);
    blank = [];
  }
  if (after !== undefined) of(after.path).above.push(...blank);
}

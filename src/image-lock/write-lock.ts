/** From a lock to the text of `images.lock`: always the same bytes for the same lock, and the user's comments in place. */

import { yamlScalar } from '../yaml/index.ts';
import { type CommentMap, type Comments, pathOf, readComments } from './comments.ts';
import {
  type ImageLock,
  LOCK_FILE,
  LOCK_SECTIONS,
  LOCK_VERSION,
  type LockedContent,
  type LockedImage,
  type LockSection,
} from './lock.ts';
import { readLockText, writeLockText } from './lock-text.ts';

const HEAD = '# images.lock: what each name meant when this was built. Update it with: sealer lock --update';

/**
 * Writes a lock: block style, two spaces, everything sorted by code unit.
 * @param previous the text that was there: its comments, blank lines, line ends and byte order mark are kept. Comments of
 *   what the lock no longer has go with it.
 * @throws SealerError LOCK_INVALID when `previous` is not YAML
 */
export function writeLock(lock: ImageLock, previous?: string): string {
  const { text, ...form } = readLockText(previous ?? '');
  const comments = readComments(text, LOCK_FILE);
  const writer: Writer = { comments, lines: text.trim() === '' ? [HEAD] : [] };
  node(writer, ['version'], `version: ${LOCK_VERSION}`);
  for (const section of LOCK_SECTIONS) writeSection(writer, section, lock[section]);
  writer.lines.push(...(writer.comments.get(pathOf())?.end ?? []));
  return writeLockText(writer.lines, form);
}

interface Writer {
  readonly comments: CommentMap;
  readonly lines: string[];
}

const NONE: Comments = { above: [], behind: undefined, end: [] };

function writeSection(
  writer: Writer,
  section: LockSection,
  entries: ReadonlyMap<string, LockedImage | LockedContent>,
): void {
  const { above, behind, end } = writer.comments.get(section) ?? NONE;
  const isSaid = section === 'images' || behind !== undefined || [...above, ...end].some((line) => line !== '');
  if (entries.size === 0 && !isSaid) return;
  node(writer, [section], entries.size === 0 ? `${section}: {}` : `${section}:`, () => {
    for (const [name, entry] of sorted(entries)) {
      node(writer, [section, name], `${yamlScalar(name)}:`, () => writeEntry(writer, [section, name], entry));
    }
  });
}

function writeEntry(writer: Writer, path: readonly string[], entry: LockedImage | LockedContent): void {
  node(writer, [...path, 'digest'], `digest: ${entry.digest}`);
  if (!('from' in entry)) return;
  const platforms = sorted(Object.entries(entry.platforms));
  if (platforms.length > 0) {
    const below = [...path, 'platforms'];
    node(writer, below, 'platforms:', () => {
      for (const [platform, digest] of platforms) {
        node(writer, [...below, platform], `${yamlScalar(platform)}: ${digest}`);
      }
    });
  }
  const reasons = [...new Set(entry.from)].sort();
  if (reasons.length > 0) {
    const below = [...path, 'from'];
    node(writer, below, 'from:', () => {
      for (const reason of reasons) node(writer, [...below, reason], `- ${yamlScalar(reason)}`);
    });
  }
}

/** A key or list item with its comments, and what it holds. */
function node(writer: Writer, path: readonly string[], text: string, writeContent?: () => void): void {
  const { above, behind, end } = writer.comments.get(pathOf(...path)) ?? NONE;
  const indent = '  '.repeat(path.length - 1);
  const indented = (by: string) => (line: string) => (line === '' ? '' : `${by}${line}`);
  writer.lines.push(...above.map(indented(indent)));
  writer.lines.push(`${indent}${text}${behind === undefined ? '' : ` ${behind}`}`);
  writeContent?.();
  writer.lines.push(...end.map(indented(`${indent}  `)));
}

function sorted<T>(entries: Iterable<readonly [string, T]>): readonly (readonly [string, T])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

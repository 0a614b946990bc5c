/**
 * The YAML of a lock as a tree whose nodes know their places. A lock is shallow and names nothing twice, so aliases, tags,
 * second documents and deep nesting are refused: with them goes all that makes YAML dangerous to read.
 */

import { EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml';
import { SealerError } from '../error.ts';

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly text: string;
  readonly start: number;
  /** Behind the last character. Both are -1 where nothing is written. */
  readonly end: number;
}

export interface YamlMapping {
  readonly kind: 'mapping';
  readonly start: number;
  readonly entries: YamlEntry[];
}

export interface YamlSequence {
  readonly kind: 'sequence';
  readonly start: number;
  readonly items: YamlValue[];
}

export interface YamlEntry {
  readonly key: YamlScalar;
  readonly value: YamlValue;
}

export type YamlValue = YamlScalar | YamlMapping | YamlSequence;

/** Larger locks are none: this is room for ten thousand images. */
export const MAX_LOCK_CHARACTERS = 8 * 1024 * 1024;
/** images, name, platforms, platform. */
const MAX_DEPTH = 4;

/**
 * Parses the text of a lock.
 * @param text with line feeds alone
 * @returns undefined when nothing but comments is there
 * @throws SealerError LOCK_INVALID with the line
 */
export function parseYamlTree(text: string, file: string): YamlValue | undefined {
  if (text.length > MAX_LOCK_CHARACTERS) {
    throw new SealerError('LOCK_INVALID', `${file} is too large for a lock`, { at: { file } });
  }
  refuseConflicts(text, file);
  const reader: Reader = { text, file, events: eventsOf(text, file), next: 0 };
  if (reader.events.length === 0) return undefined;
  take(reader);
  const root = readNode(reader, 0);
  take(reader);
  const more = reader.events[reader.next];
  if (more !== undefined) {
    const offset = Math.max(0, text.lastIndexOf('\n---') + 1);
    throw refused(reader, offset, 'a lock is one document, and here a second one begins');
  }
  return root.kind === 'scalar' && root.start < 0 ? undefined : root;
}

/** The line of an offset, counted from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

interface Reader {
  readonly text: string;
  readonly file: string;
  readonly events: readonly Event[];
  next: number;
}

/** git writes these when two branches changed the same lines. */
function refuseConflicts(text: string, file: string): void {
  const marker = /^(?:<{7}|>{7}|\|{7})(?: |$)/m.exec(text);
  if (marker === null) return;
  throw new SealerError('LOCK_INVALID', `${file} has a merge conflict that nobody has resolved`, {
    at: { file, line: lineOf(text, marker.index) },
    hint: 'Take either side of it, then run "sealer lock --update".',
  });
}

function eventsOf(text: string, file: string): readonly Event[] {
  try {
    return parseEvents(text, {});
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new SealerError('LOCK_INVALID', `${file} is not YAML: ${error.reason}`, {
      at: error.mark === undefined ? { file } : { file, line: error.mark.line + 1, column: error.mark.column + 1 },
      hint: 'Mend it, or remove it and write it anew with "sealer lock --update".',
      cause: error,
    });
  }
}

function readNode(reader: Reader, depth: number): YamlValue {
  const event = take(reader);
  if (event.type === EVENT_ID.ALIAS) {
    throw refused(reader, event.anchorStart - 1, 'an alias (*) has no place in a lock');
  }
  if (event.type === EVENT_ID.SCALAR) {
    if (event.tagStart >= 0) throw refused(reader, event.tagStart, 'a tag (!) has no place in a lock');
    return {
      kind: 'scalar',
      text: getScalarValue(reader.text, event),
      start: event.valueStart,
      end: event.valueEnd,
    };
  }
  if (event.type !== EVENT_ID.MAPPING && event.type !== EVENT_ID.SEQUENCE) throw new Error(`event ${event.type}`);
  if (depth === MAX_DEPTH) throw refused(reader, event.start, 'nothing in a lock is nested this deep');
  if (event.type === EVENT_ID.SEQUENCE) {
    const items: YamlValue[] = [];
    while (!isAtEnd(reader)) items.push(readNode(reader, depth + 1));
    take(reader);
    return { kind: 'sequence', start: event.start, items };
  }
  const entries: YamlEntry[] = [];
  while (!isAtEnd(reader)) {
    const key = readNode(reader, depth + 1);
    if (key.kind !== 'scalar') throw refused(reader, key.start, 'a key is a name, and this is a list or mapping');
    entries.push({ key, value: readNode(reader, depth + 1) });
  }
  take(reader);
  return { kind: 'mapping', start: event.start, entries };
}

function isAtEnd({ events, next }: Reader): boolean {
  return events[next]?.type === EVENT_ID.POP;
}

function take(reader: Reader): Event {
  const event = reader.events[reader.next];
  if (event === undefined) throw new Error('YAML events end before their document does');
  reader.next += 1;
  return event;
}

function refused({ text, file }: Reader, offset: number, why: string): SealerError {
  return new SealerError('LOCK_INVALID', `${file}: ${why}`, {
    at: { file, line: lineOf(text, offset) },
    hint: 'Write it out in plain YAML, or remove the file and write it anew with "sealer lock --update".',
  });
}

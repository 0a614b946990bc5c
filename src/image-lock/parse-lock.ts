/** From the text of an `images.lock` to what it says. Every fault is told with its line, all of them at once. */

import { type Problem, SealerError } from '../error.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import { didYouMean, listNames } from '../suggest.ts';
import { type ImageLock, LOCK_SECTIONS, LOCK_VERSION, type LockedContent, type LockedImage } from './lock.ts';
import { readLockText } from './lock-text.ts';
import { lineOf, parseYamlTree, type YamlEntry, type YamlScalar, type YamlValue } from './yaml-tree.ts';

/** Beyond so many the file is something else, and more lines help nobody. */
const MAX_PROBLEMS = 50;

/**
 * Parses a lock.
 * @param file how to name it in places
 * @throws SealerError LOCK_INVALID with the line, and with all problems if there are several
 */
export function parseLock(text: string, file: string): ImageLock {
  const { text: lines } = readLockText(text);
  const root = parseYamlTree(lines, file);
  if (root === undefined) {
    throw new SealerError('LOCK_INVALID', `${file} is empty`, {
      at: { file },
      hint: 'Remove it, or take back what it was: an empty lock would pin nothing.',
    });
  }
  const reader: Reader = { text: lines, file, problems: [] };
  const fields = fieldsOf(reader, root, ['version', ...LOCK_SECTIONS], 'the lock');
  checkVersion(reader, fields.get('version'), root);
  const lock: ImageLock = {
    images: readSection(reader, fields.get('images'), checkImageName, readImage),
    bases: readSection(reader, fields.get('bases'), checkImageName, readContent),
    charts: readSection(reader, fields.get('charts'), checkChartName, readContent),
  };
  refuse(reader);
  return lock;
}

interface Reader {
  readonly text: string;
  readonly file: string;
  readonly problems: Problem[];
}

function checkVersion(reader: Reader, entry: YamlEntry | undefined, root: YamlValue): void {
  const hint = `Write version: ${LOCK_VERSION}, or use the sealer that wrote the file.`;
  if (entry === undefined) fault(reader, root, 'It does not say its version', hint);
  else if (entry.value.kind !== 'scalar' || entry.value.text !== String(LOCK_VERSION)) {
    const found = entry.value.kind === 'scalar' ? `"${entry.value.text}"` : `a ${entry.value.kind}`;
    fault(reader, entry.key, `Its version is ${found}, and this sealer knows ${LOCK_VERSION}`, hint);
  }
}

function readSection<T>(
  reader: Reader,
  section: YamlEntry | undefined,
  checkName: (reader: Reader, name: YamlScalar) => void,
  read: (reader: Reader, entry: YamlEntry) => T | undefined,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  if (section === undefined || isNothing(section.value)) return found;
  for (const entry of entriesOf(reader, section.value, section.key.text)) {
    checkName(reader, entry.key);
    const value = read(reader, entry);
    if (value !== undefined) found.set(entry.key.text, value);
  }
  return found;
}

function readImage(reader: Reader, entry: YamlEntry): LockedImage | undefined {
  const fields = fieldsOf(reader, entry.value, ['digest', 'platforms', 'from'], entry.key.text);
  const digest = readDigest(reader, fields.get('digest'), entry);
  const platforms = readPlatforms(reader, fields.get('platforms'));
  const from = readReasons(reader, fields.get('from'));
  return digest === undefined ? undefined : { digest, platforms, from };
}

function readContent(reader: Reader, entry: YamlEntry): LockedContent | undefined {
  const fields = fieldsOf(reader, entry.value, ['digest'], entry.key.text);
  const digest = readDigest(reader, fields.get('digest'), entry);
  return digest === undefined ? undefined : { digest };
}

function readDigest(reader: Reader, field: YamlEntry | undefined, { key }: YamlEntry): Digest | undefined {
  if (field === undefined) {
    fault(reader, key, `${key.text} has no digest`, 'Add it with "sealer lock --update", or remove the entry.');
    return undefined;
  }
  const digest = digestIn(reader, field);
  const pinned = /@(.+)$/.exec(key.text)?.[1];
  if (digest !== undefined && pinned !== undefined && isDigest(pinned) && pinned !== digest) {
    fault(
      reader,
      field.key,
      `${key.text} names one digest and its entry another`,
      'They are the same, or one is wrong.',
    );
  }
  return digest;
}

function readPlatforms(reader: Reader, field: YamlEntry | undefined): Readonly<Record<string, Digest>> {
  if (field === undefined || isNothing(field.value)) return {};
  const found = entriesOf(reader, field.value, 'platforms').flatMap((entry): [string, Digest][] => {
    const name = completed(entry.key.text, (text) => formatPlatform(parsePlatform(text)));
    if (name !== entry.key.text) {
      const hint = name === undefined ? 'Write os/arch, like linux/arm64.' : `Write ${name}.`;
      fault(reader, entry.key, `"${entry.key.text}" is not a complete platform`, hint);
    }
    const digest = digestIn(reader, entry);
    return digest === undefined ? [] : [[entry.key.text, digest]];
  });
  return Object.fromEntries(found);
}

function readReasons(reader: Reader, field: YamlEntry | undefined): readonly string[] {
  if (field === undefined || isNothing(field.value)) return [];
  if (field.value.kind !== 'sequence') {
    fault(reader, field.key, 'from is not a list', 'Write one line for each place, after "- ".');
    return [];
  }
  return field.value.items.flatMap((item) => {
    if (item.kind === 'scalar' && item.text !== '') return [item.text];
    fault(reader, item.kind === 'scalar' ? field.key : item, 'A place in from is not a line of text');
    return [];
  });
}

function digestIn(reader: Reader, { key, value }: YamlEntry): Digest | undefined {
  if (value.kind === 'scalar' && isDigest(value.text)) return value.text;
  const found = value.kind === 'scalar' ? `"${value.text}"` : `a ${value.kind}`;
  fault(reader, key, `${found} is not a digest`, 'A digest is sha256: and 64 lower-case hexadecimal digits.');
  return undefined;
}

function checkImageName(reader: Reader, key: YamlScalar): void {
  const name = completed(key.text, (text) => formatReference(parseReference(text)));
  if (name === key.text) return;
  const hint = name === undefined ? 'Write registry/path:tag, like docker.io/library/nginx:1.27.' : `Write ${name}.`;
  fault(reader, key, `"${key.text}" is not a complete reference`, hint);
}

/** Charts come from registries (oci://) and from repositories; what tells their version is the repository's own. */
function checkChartName(reader: Reader, key: YamlScalar): void {
  if (/^(?:oci|https?):\/\/\S+$/.test(key.text)) return;
  fault(reader, key, `"${key.text}" is not where a chart comes from`, 'Write oci://registry/path:version.');
}

/** The one way to write a name, if it is one. */
function completed(text: string, complete: (text: string) => string): string | undefined {
  try {
    return complete(text);
  } catch (error) {
    if (error instanceof SealerError) return undefined;
    throw error;
  }
}

/** The fields of a mapping that may have these and no others. */
function fieldsOf(
  reader: Reader,
  value: YamlValue,
  known: readonly string[],
  where: string,
): ReadonlyMap<string, YamlEntry> {
  const entries = entriesOf(reader, value, where);
  for (const { key } of entries) {
    if (known.includes(key.text)) continue;
    const hint = didYouMean(key.text, known) ?? `Known are ${listNames(known)}.`;
    fault(reader, key, `"${key.text}" is not known in ${where}`, hint);
  }
  return new Map(entries.map((entry) => [entry.key.text, entry]));
}

/** The entries of a mapping, each key once. */
function entriesOf(reader: Reader, value: YamlValue, where: string): readonly YamlEntry[] {
  if (value.kind !== 'mapping') {
    fault(reader, value, `${where} is not a mapping`, 'Write "name: value" lines, indented below it.');
    return [];
  }
  const known = new Map<string, YamlEntry>();
  for (const entry of value.entries) {
    const first = known.get(entry.key.text);
    if (first === undefined) known.set(entry.key.text, entry);
    else if (reader.problems.length < MAX_PROBLEMS) {
      const line = lineOf(reader.text, first.key.start);
      fault(reader, entry.key, `"${entry.key.text}" stands twice, first in line ${line}`, 'Keep one of them.');
    }
  }
  return [...known.values()];
}

function isNothing(value: YamlValue): boolean {
  return value.kind === 'scalar' && value.text === '';
}

function fault(
  { text, file, problems }: Reader,
  { start }: { readonly start: number },
  message: string,
  hint?: string,
) {
  if (problems.length >= MAX_PROBLEMS) return;
  const at = start < 0 ? { file } : { file, line: lineOf(text, start) };
  problems.push({ code: 'LOCK_INVALID', message, hint, at });
}

function refuse({ file, problems }: Reader): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw new SealerError('LOCK_INVALID', `${file}: ${first.message}`, first);
  throw new SealerError('LOCK_INVALID', `${file} has ${problems.length} problems`, {
    at: first.at,
    hint: 'Mend them, or remove the file and write it anew with "sealer lock --update".',
    problems,
  });
}

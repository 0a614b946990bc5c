/** From the text of a `versions.yaml` to what it says. Every mistake is told with its line, all of them at once. */

import { type Problem, SealerError } from '../error.ts';
import { isReference, parseReference } from '../oci/reference.ts';
import { didYouMean, listNames } from '../suggest.ts';
import {
  entriesOf,
  isMapping,
  isSequence,
  itemsOf,
  parseStream,
  placeOf,
  textOf,
  type YamlDocument,
  type YamlNode,
} from '../yaml/index.ts';
import {
  ARCHITECTURES,
  ASSET_PLATFORMS,
  type Asset,
  type AssetPlatform,
  BASE_RUNTIMES,
  type Content,
  KUBE_VERSION,
  plainVersion,
  type VersionEntry,
  type VersionsFile,
} from './versions.ts';

/** Real ones have some hundred lines. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const SCHEMA = '1';
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

interface Reader {
  readonly yaml: YamlDocument;
  readonly problems: Problem[];
}

type Fields = ReadonlyMap<string, YamlNode>;

/**
 * Parses a `versions.yaml`.
 * @param file how to name it in places
 * @throws SealerError VERSIONS_INVALID with all problems
 */
export function parseVersions(text: string, file: string): VersionsFile {
  const problems: Problem[] = [];
  const documents = text.length > MAX_CHARACTERS ? [] : [...parseStream(text, file)];
  const [first, second] = documents;
  for (const each of documents) if ('problem' in each) problems.push({ ...each.problem, code: 'VERSIONS_INVALID' });
  const usable = first === undefined || 'problem' in first ? undefined : first;
  if (problems.length === 0 && (usable === undefined || second !== undefined)) {
    problems.push({ code: 'VERSIONS_INVALID', message: 'This is not one document of YAML', at: { file } });
  }
  const parsed = usable === undefined ? undefined : readFile({ yaml: usable, problems }, file);
  problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
  const [problem] = problems;
  if (problem === undefined && parsed !== undefined) return parsed;
  const what = problems.length === 1 ? (problem?.message ?? '') : `${problems.length} mistakes`;
  throw new SealerError('VERSIONS_INVALID', `${file}: ${what}`, { at: problem?.at, hint: problem?.hint, problems });
}

function readFile(reader: Reader, file: string): VersionsFile {
  const { root } = reader.yaml;
  const known = ['schema', 'runtime', 'architectures', 'variants', 'channels', 'keep', 'components', 'versions'];
  const fields = readFields(reader, root, 'the file', known, ['schema', 'runtime', 'architectures', 'versions']);
  const schema = readText(reader, fields.get('schema'));
  if (schema !== undefined && schema !== SCHEMA) {
    tell(reader, fields.get('schema') ?? root, `schema ${schema} is not known`, `This program reads schema ${SCHEMA}.`);
  }
  const variants = readList(reader, fields.get('variants'), (name) => NAME.test(name), 'a name like calico');
  const versions = readItems(reader, fields.get('versions')).map((node) => readVersion(reader, node, variants));
  refuseTwice(reader, versions);
  const keep = readText(reader, fields.get('keep')) ?? '1';
  if (!/^[1-9]\d?$/.test(keep)) tell(reader, fields.get('keep') ?? root, `keep is "${keep}"`, 'Write 1 to 99.');
  return {
    file,
    runtime: readChoice(reader, fields.get('runtime'), BASE_RUNTIMES) ?? 'k3s',
    architectures: readItems(reader, fields.get('architectures')).flatMap(
      (node) => readChoice(reader, node, ARCHITECTURES) ?? [],
    ),
    variants,
    channels: readList(
      reader,
      fields.get('channels'),
      (name) => /^(?:stable|latest|v\d+\.\d+)$/.test(name),
      'stable, latest or a minor version like v1.33',
    ),
    keep: Number(keep),
    components: readTexts(
      reader,
      fields.get('components'),
      (text) => /^v?[\d.]+$/.test(text),
      'a version or its start',
    ),
    versions,
  };
}

function readVersion(reader: Reader, node: YamlNode, variants: readonly string[]): VersionEntry {
  const known = ['version', 'notes', 'components', 'assets', 'images', 'variants'];
  const fields = readFields(reader, node, 'a version', known, ['version', 'assets']);
  const version = readText(reader, fields.get('version')) ?? '';
  if (fields.has('version') && !KUBE_VERSION.test(version)) {
    tell(reader, fields.get('version') ?? node, `"${version}" is no version of Kubernetes`, 'Write it like v1.33.4.');
  }
  const notes = readText(reader, fields.get('notes'));
  if (notes !== undefined && !isSafeUrl(notes)) tell(reader, fields.get('notes') ?? node, 'notes is no https URL');
  const ofVariants = readFields(reader, fields.get('variants'), 'variants', variants, []);
  return {
    version,
    notes,
    components: readTexts(reader, fields.get('components'), (text) => /^[\w.+-]+$/.test(text), 'a version'),
    ...readContent(reader, fields),
    variants: Object.fromEntries(
      [...ofVariants].map(([name, at]) => [
        name,
        readContent(reader, readFields(reader, at, `the variant ${name}`, ['assets', 'images'], [])),
      ]),
    ),
    at: placeOf(reader.yaml, node),
  };
}

function readContent(reader: Reader, fields: Fields): Content {
  const platforms = readFields(reader, fields.get('assets'), 'assets', ASSET_PLATFORMS, []);
  const assets: Partial<Record<AssetPlatform, Readonly<Record<string, Asset>>>> = {};
  for (const platform of ASSET_PLATFORMS) {
    const node = platforms.get(platform);
    if (node === undefined) continue;
    const named = readNamed(reader, node).flatMap(([name, at]): [string, Asset][] => {
      const asset = readAsset(reader, at, name);
      return asset === undefined ? [] : [[name, asset]];
    });
    assets[platform] = Object.fromEntries(named);
  }
  const isPinned = (text: string) => isReference(text) && parseReference(text).digest !== undefined;
  return {
    assets,
    images: readTexts(reader, fields.get('images'), isPinned, 'a reference with a digest: name:tag@sha256:…'),
  };
}

function readAsset(reader: Reader, node: YamlNode, name: string): Asset | undefined {
  const fields = readFields(reader, node, `the asset ${name}`, ['url', 'sha256'], ['url', 'sha256']);
  const [url, sha256] = [readText(reader, fields.get('url')), readText(reader, fields.get('sha256'))];
  if (url === undefined || sha256 === undefined) return undefined;
  if (!isSafeUrl(url)) {
    tell(
      reader,
      fields.get('url') ?? node,
      `"${url}" is no address of an asset`,
      'Write an https URL without a query.',
    );
  }
  if (!/^[a-f0-9]{64}$/.test(sha256)) {
    tell(reader, fields.get('sha256') ?? node, `"${sha256}" is no sha256`, 'Write 64 lower-case hex digits.');
  }
  return { url, sha256 };
}

/** Addresses become build arguments, so nothing may be in them that means something elsewhere, nor `..`, which leads elsewhere. */
function isSafeUrl(text: string): boolean {
  return /^https:\/\/[a-z0-9.-]+(?:\/[A-Za-z0-9._~%+@-]+)+$/.test(text) && URL.parse(text)?.href === text;
}

function refuseTwice(reader: Reader, versions: readonly VersionEntry[]): void {
  const seen = new Map<string, VersionEntry>();
  for (const entry of versions) {
    const plain = plainVersion(entry.version);
    const before = seen.get(plain);
    seen.set(plain, entry);
    if (before === undefined || plain === '') continue;
    const message = `${entry.version} and ${before.version} would have the same tag, ${plain}`;
    reader.problems.push({ code: 'VERSIONS_INVALID', message, hint: 'Keep the newer one.', at: entry.at });
  }
}

function readFields(
  reader: Reader,
  node: YamlNode | undefined,
  what: string,
  known: readonly string[],
  needed: readonly string[],
): Fields {
  if (node === undefined) return new Map();
  if (!isMapping(reader.yaml, node)) {
    tell(reader, node, `Here ${what} is no mapping`, `It has ${listNames(known)}.`);
    return new Map();
  }
  const fields = entriesOf(reader.yaml, node);
  for (const [key, at] of fields) {
    if (!known.includes(key)) tell(reader, at, `${what} has no ${key}`, didYouMean(key, known) ?? listNames(known));
  }
  for (const key of needed) if (!fields.has(key)) tell(reader, node, `${what} needs ${key}`);
  return fields;
}

/** Names in order, each with its value; names that could be no build argument are told. */
function readNamed(reader: Reader, node: YamlNode | undefined): readonly (readonly [string, YamlNode])[] {
  if (node === undefined) return [];
  if (!isMapping(reader.yaml, node)) {
    tell(reader, node, 'Here names with their values are wanted');
    return [];
  }
  const entries = [...entriesOf(reader.yaml, node)];
  for (const [name, at] of entries) {
    if (!NAME.test(name)) tell(reader, at, `"${name}" is no name`, 'Write lower-case words with hyphens: cni-plugins.');
  }
  return entries.filter(([name]) => NAME.test(name));
}

function readTexts(
  reader: Reader,
  node: YamlNode | undefined,
  isFit: (text: string) => boolean,
  wanted: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readNamed(reader, node).flatMap(([name, at]): [string, string][] => {
      const text = readText(reader, at);
      if (text === undefined) return [];
      if (!isFit(text)) tell(reader, at, `${name} is "${text}"`, `Write ${wanted}.`);
      return [[name, text]];
    }),
  );
}

function readList(
  reader: Reader,
  node: YamlNode | undefined,
  isFit: (text: string) => boolean,
  wanted: string,
): readonly string[] {
  return readItems(reader, node).flatMap((each) => {
    const text = readText(reader, each);
    if (text !== undefined && !isFit(text)) tell(reader, each, `"${text}" is not ${wanted}`);
    return text ?? [];
  });
}

function readItems(reader: Reader, node: YamlNode | undefined): readonly YamlNode[] {
  if (node !== undefined && !isSequence(reader.yaml, node)) tell(reader, node, 'Here a list is wanted');
  return itemsOf(reader.yaml, node);
}

function readChoice<const Choice extends string>(
  reader: Reader,
  node: YamlNode | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  const text = readText(reader, node);
  const found = choices.find((each) => each === text);
  if (found === undefined && node !== undefined && text !== undefined) {
    tell(reader, node, `"${text}" is not one of ${listNames(choices)}`);
  }
  return found;
}

function readText(reader: Reader, node: YamlNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  const text = textOf(reader.yaml, node);
  if (text === undefined || text === '') tell(reader, node, 'Here a text is wanted');
  return text === '' ? undefined : text;
}

function tell({ yaml, problems }: Reader, node: YamlNode, message: string, hint?: string): void {
  problems.push({
    code: 'VERSIONS_INVALID',
    message,
    at: placeOf(yaml, node),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** `sealer.yaml`: what the user says about images, parsed with a place for each mistake. */

import type { Problem } from '../../error.ts';
import { SealerError } from '../../error.ts';
import { formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { didYouMean, listNames } from '../../suggest.ts';
import {
  childrenOf,
  isMapping,
  isSequence,
  itemsOf,
  parseStream,
  placeOf,
  textOf,
  type YamlDocument,
  type YamlNode,
} from '../../yaml/document.ts';
import { entriesOf } from '../../yaml/mapping.ts';
import { parsePath } from '../manifest/field-path.ts';
import { compilePattern } from './glob.ts';
import { type ChartRule, type EngineName, type KeyRule, type NamePattern, NO_RULES, type Rules } from './rules.ts';

const ENGINES: readonly EngineName[] = ['docker', 'podman', 'containerd'];

/**
 * Parses the rules. A mistake is a problem with its place, and the rest counts.
 * @param file how to name the file in places
 */
export function parseRules(text: string, file: string): { rules: Rules; problems: Problem[] } {
  const problems: Problem[] = [];
  const documents = [...parseStream(text, file)];
  for (const document of documents)
    if ('problem' in document) problems.push({ ...document.problem, code: 'RULES_INVALID' });
  const [first, second] = documents;
  if (first === undefined || 'problem' in first) return { rules: NO_RULES, problems };
  if (second !== undefined && !('problem' in second)) {
    problems.push(invalid(second, second.root, 'There is more than one document', 'Write all rules into one.'));
  }
  return { rules: readRules({ yaml: first, problems }), problems };
}

interface Reader {
  readonly yaml: YamlDocument;
  readonly problems: Problem[];
}

function readRules(reader: Reader): Rules {
  const top = readMapping(reader, reader.yaml.root, '', ['images', 'charts']);
  const images = readMapping(reader, top.get('images'), 'images', [
    'keys',
    'ignore',
    'allowMissing',
    'replace',
    'sources',
  ]);
  const allowed = readPatterns(reader, images.get('allowMissing'), 'images.allowMissing');
  const replacements = readList(reader, images.get('replace'), 'images.replace').flatMap((node) =>
    readReplacement(reader, node),
  );
  return {
    keys: readList(reader, images.get('keys'), 'images.keys').flatMap((node) => readKey(reader, node)),
    ignore: readPatterns(reader, images.get('ignore'), 'images.ignore'),
    mayBeMissing: (reference) => allowed.some(({ matches }) => matches(reference)),
    fetchFrom: (reference) => replace(reference, replacements),
    sources: readList(reader, images.get('sources'), 'images.sources').flatMap((node) => readEngine(reader, node)),
    charts: readCharts(reader, top.get('charts')),
  };
}

function readKey(reader: Reader, node: YamlNode): readonly KeyRule[] {
  const entries = readMapping(reader, node, 'images.keys', ['kind', 'path', 'key', 'certain']);
  const { yaml } = reader;
  const text = (key: string): string | undefined => readText(reader, entries.get(key), `images.keys.${key}`);
  const [kind, path, key] = [text('kind'), text('path'), text('key')];
  if ((path === undefined) === (key === undefined)) {
    report(reader, node, 'An entry of images.keys needs either a path or a key', 'Write - path: spec.engine.image.');
    return [];
  }
  const certain = textOf(yaml, entries.get('certain'));
  if (certain !== undefined && certain !== 'true' && certain !== 'false') {
    report(reader, entries.get('certain') ?? node, `certain is true or false, and not ${certain}`, undefined);
  }
  return [
    {
      isCertain: certain !== 'false',
      ...(kind === undefined ? {} : { kind }),
      ...(path === undefined ? {} : { path: parsePath(path) }),
      ...(key === undefined ? {} : { key }),
    },
  ];
}

function readPatterns(reader: Reader, list: YamlNode | undefined, name: string): readonly NamePattern[] {
  return readList(reader, list, name).flatMap((node) => {
    const text = readText(reader, node, name);
    if (text === undefined) return [];
    try {
      return [{ text, at: placeOf(reader.yaml, node), matches: compilePattern(text) }];
    } catch (error) {
      if (!(error instanceof SealerError)) throw error;
      report(reader, node, error.message, error.hint);
      return [];
    }
  });
}

interface Replacement {
  readonly from: string;
  readonly to: string;
}

function readReplacement(reader: Reader, node: YamlNode): readonly Replacement[] {
  const entries = readMapping(reader, node, 'images.replace', ['from', 'to']);
  const from = readText(reader, entries.get('from'), 'images.replace.from');
  const to = readText(reader, entries.get('to'), 'images.replace.to');
  if (from === undefined || to === undefined || from === '') {
    report(
      reader,
      node,
      'An entry of images.replace needs from and to',
      'Write { from: docker.io/, to: mirror.example.com/hub/ }.',
    );
    return [];
  }
  try {
    parseReference(`${to}${/[a-z\d]$/.test(to) ? '' : 'a'}`);
  } catch {
    report(reader, entries.get('to') ?? node, `"${to}" is not the beginning of an image name`, undefined);
    return [];
  }
  return [{ from, to }];
}

/** The first rule whose prefix ends where a part of the name does. */
function replace(reference: Reference, replacements: readonly Replacement[]): Reference {
  const name = formatReference(reference);
  for (const { from, to } of replacements) {
    if (!name.startsWith(from)) continue;
    const rest = name.slice(from.length);
    if (!from.endsWith('/') && rest !== '' && !/^[/:@]/.test(rest)) continue;
    try {
      return parseReference(`${to}${rest}`);
    } catch (error) {
      if (!(error instanceof SealerError)) throw error;
      return reference;
    }
  }
  return reference;
}

function readEngine(reader: Reader, node: YamlNode): readonly EngineName[] {
  const text = readText(reader, node, 'images.sources');
  const engine = ENGINES.find((each) => each === text);
  if (engine !== undefined) return [engine];
  if (text !== undefined) report(reader, node, `"${text}" is no source of images`, hintFor(text, ENGINES));
  return [];
}

function readCharts(reader: Reader, node: YamlNode | undefined): ReadonlyMap<string, ChartRule> {
  const charts = new Map<string, ChartRule>();
  if (node !== undefined && !isMapping(reader.yaml, node)) {
    if (textOf(reader.yaml, node) !== '') report(reader, node, 'charts is a mapping of apps or charts', undefined);
    return charts;
  }
  for (const [name, chart] of entriesOf(reader.yaml, node)) {
    const entries = readMapping(reader, chart, `charts.${name}`, ['values', 'kubeVersion', 'apiVersions']);
    const kubeVersion = readText(reader, entries.get('kubeVersion'), `charts.${name}.kubeVersion`);
    const values = entries.get('values');
    const apiVersions = entries.get('apiVersions');
    charts.set(name.replace(/\/+$/, ''), {
      at: placeOf(reader.yaml, chart),
      ...(kubeVersion === undefined ? {} : { kubeVersion }),
      ...(values === undefined ? {} : { values: readValueSets(reader, values, `charts.${name}.values`) }),
      ...(apiVersions === undefined
        ? {}
        : { apiVersions: readTexts(reader, apiVersions, `charts.${name}.apiVersions`) }),
    });
  }
  return charts;
}

/** `[a.yaml, b.yaml]` is one set; `[[a.yaml], [b.yaml]]` are alternatives. */
function readValueSets(reader: Reader, node: YamlNode, name: string): readonly (readonly string[])[] {
  const items = readList(reader, node, name);
  if (items.some((item) => isSequence(reader.yaml, item))) return items.map((item) => readTexts(reader, item, name));
  return [readTexts(reader, node, name)];
}

function readTexts(reader: Reader, node: YamlNode, name: string): readonly string[] {
  return readList(reader, node, name).flatMap((item) => readText(reader, item, name) ?? []);
}

function readMapping(
  reader: Reader,
  node: YamlNode | undefined,
  name: string,
  known: readonly string[],
): ReadonlyMap<string, YamlNode> {
  const { yaml } = reader;
  if (node === undefined || textOf(yaml, node) === '') return new Map();
  if (!isMapping(yaml, node)) {
    report(reader, node, `${name === '' ? 'sealer.yaml' : name} is not a mapping`, `It takes ${listNames(known)}.`);
    return new Map();
  }
  const entries = entriesOf(yaml, node);
  for (const [key, value] of entries) {
    if (known.includes(key)) continue;
    const full = name === '' ? key : `${name}.${key}`;
    report(reader, keyNodeOf(yaml, node, key) ?? value, `${full} is unknown`, hintFor(key, known));
  }
  return entries;
}

function readList(reader: Reader, node: YamlNode | undefined, name: string): readonly YamlNode[] {
  if (node === undefined || textOf(reader.yaml, node) === '') return [];
  if (!isSequence(reader.yaml, node))
    report(reader, node, `${name} is not a list`, 'Write one entry per line, each after "- ".');
  return itemsOf(reader.yaml, node);
}

function readText(reader: Reader, node: YamlNode | undefined, name: string): string | undefined {
  if (node === undefined) return undefined;
  const text = textOf(reader.yaml, node);
  if (text === undefined) report(reader, node, `${name} is not a text`, undefined);
  return text?.trim();
}

function keyNodeOf(yaml: YamlDocument, node: YamlNode, key: string): YamlNode | undefined {
  return childrenOf(yaml, node).find((child, i) => i % 2 === 0 && textOf(yaml, child) === key);
}

function hintFor(word: string, known: readonly string[]): string {
  return didYouMean(word, known) ?? `Known are ${listNames(known)}.`;
}

function report(reader: Reader, node: YamlNode, message: string, hint: string | undefined): void {
  reader.problems.push(invalid(reader.yaml, node, message, hint));
}

function invalid(yaml: YamlDocument, node: YamlNode, message: string, hint: string | undefined): Problem {
  return { code: 'RULES_INVALID', message, hint, at: placeOf(yaml, node) };
}

/** A Clusterfile cut into documents, each of a known kind. */

import { didYouMean, listNames } from '../../suggest.ts';
import { entriesOf, isMapping, parseStream, placeOf, textOf, valueAt, type YamlDocument } from '../../yaml/index.ts';
import { KIND_NAMES, KINDS, type Kind } from '../schema/kinds.ts';
import type { Findings } from './findings.ts';

export interface KnownDocument {
  readonly yaml: YamlDocument;
  readonly kind: Kind;
  /** `metadata.name`. */
  readonly name: string | undefined;
}

/** A Clusterfile is written by people. In characters; a longer one is no Clusterfile. */
export const MAX_LENGTH = 4 * 1024 * 1024;

const MAX_DOCUMENTS = 1000;

/** Kinds of which there is one, whatever it is called. */
const MANY: readonly string[] = ['Config', 'Plugin'];

/** Reads the documents; what is no YAML, of no known kind or there twice is a problem. */
export function readDocuments(text: string, file: string, findings: Findings): readonly KnownDocument[] {
  if (text.length > MAX_LENGTH) {
    findings.add({ file }, `The Clusterfile is larger than ${MAX_LENGTH / 1024 / 1024} MiB`);
    return [];
  }
  const documents: KnownDocument[] = [];
  let count = 0;
  for (const yaml of parseStream(text, file)) {
    if (++count > MAX_DOCUMENTS) {
      findings.add({ file }, `The Clusterfile has more than ${MAX_DOCUMENTS} documents`);
      break;
    }
    if ('problem' in yaml) {
      const { message, hint, at = { file } } = yaml.problem;
      const isTemplate = message.includes('{{') || hint?.includes('.tmpl') === true;
      findings.add(at, message, isTemplate ? TEMPLATE_HINT : yamlHint(hint));
      continue;
    }
    const kind = kindOf(yaml, findings);
    if (kind === undefined) continue;
    const document = { yaml, kind, name: textOf(yaml, valueAt(yaml, valueAt(yaml, yaml.root, 'metadata'), 'name')) };
    reportTwice(document, documents, findings);
    documents.push(document);
  }
  return documents;
}

const TEMPLATE_HINT = 'A Clusterfile is no template: write ${NAME} for what comes from the environment.';

function yamlHint(hint: string | undefined): string | undefined {
  return hint?.includes('tabs') ? hint : undefined;
}

function kindOf(yaml: YamlDocument, findings: Findings): Kind | undefined {
  const at = placeOf(yaml, yaml.root);
  if (!isMapping(yaml, yaml.root)) {
    findings.add(at, 'This document is not a mapping', 'A document begins with apiVersion and kind.');
    return undefined;
  }
  const entries = entriesOf(yaml, yaml.root);
  const kindNode = entries.get('kind');
  const name = textOf(yaml, kindNode) ?? '';
  if (kindNode === undefined || name === '') {
    findings.add(
      kindNode === undefined ? at : placeOf(yaml, kindNode),
      'This document has no kind',
      `Known are ${listNames(KIND_NAMES, 20)}.`,
    );
    return undefined;
  }
  const kind = KINDS.find((each) => each.name === name);
  if (kind === undefined) {
    const hint = didYouMean(name, KIND_NAMES) ?? `Known are ${listNames(KIND_NAMES, 20)}.`;
    findings.add(placeOf(yaml, kindNode), `The kind ${name.slice(0, 60)} is unknown`, hint);
    return undefined;
  }
  const version = entries.get('apiVersion');
  const written = textOf(yaml, version) ?? '';
  if (kind.apiVersion.test(written)) return kind;
  const message =
    written === ''
      ? `This ${name} has no apiVersion`
      : `The apiVersion ${written.slice(0, 60)} is not that of a ${name}`;
  findings.add(version === undefined ? at : placeOf(yaml, version), message, `Write ${kind.example}.`);
  // The rest is still worth reading, unless it is another program's kind of the same name.
  return written === '' || didYouMean(written, [kind.example]) !== undefined ? kind : undefined;
}

function reportTwice({ yaml, kind, name }: KnownDocument, before: readonly KnownDocument[], findings: Findings): void {
  const first = before.find(
    (each) => each.kind === kind && (!MANY.includes(kind.name) || (each.name === name && name !== undefined)),
  );
  if (first === undefined) return;
  const { line } = placeOf(first.yaml, first.yaml.root);
  const at = placeOf(yaml, yaml.root);
  if (MANY.includes(kind.name)) {
    findings.warn(
      at,
      `There is a ${kind.name} called ${name} in line ${line} already`,
      'Both count; give them different names.',
    );
  } else findings.add(at, `There is a ${kind.name} in line ${line} already`, 'Make one document of them.');
}

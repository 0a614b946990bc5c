/**
 * Container images in Kubernetes manifests. First by type: every PodSpec of every workload kind and the image fields of
 * the custom resources that we know, so that a comment, a quote or the style of the YAML cannot hide one. Then by looks,
 * for kinds that we do not know.
 */

import type { Problem } from '../../error.ts';
import { parseStream, type YamlDocument } from '../../yaml/document.ts';
import { entriesOf } from '../../yaml/mapping.ts';
import type { Finding } from '../finding.ts';
import { NO_RULES, type Rules } from '../rules/rules.ts';
import { walkByLooks } from './by-looks.ts';
import { walkObject } from './object.ts';
import { enterValues } from './values.ts';
import type { Budget, Walk } from './walk.ts';

/** Text inside the objects of one file that is parsed again; etcd takes objects of 1.5 MiB. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;

/**
 * Finds the images of all objects in a stream of YAML or JSON documents. A document that is no YAML is a problem, and
 * the others are still searched.
 * @param file how to name the file in places
 */
export function findInManifests(
  text: string,
  file: string,
  rules: Rules = NO_RULES,
): { findings: Finding[]; problems: Problem[] } {
  const found = { findings: [] as Finding[], problems: [] as Problem[] };
  const budget: Budget = { textBytes: MAX_TEXT_BYTES, nesting: 0 };
  for (const document of parseStream(text, file)) {
    if ('problem' in document) found.problems.push(document.problem);
    else walkDocument(startWalk(document, { found, rules, depth: 0, budget }));
  }
  return found;
}

/** Walks a document of any kind: an object, or values that make objects. */
export function walkDocument(walk: Walk): void {
  const { yaml } = walk;
  if (entriesOf(yaml, yaml.root).has('kind')) walkObject(walk, yaml.root, '', undefined);
  else walkByLooks(enterValues(walk, yaml.root), yaml.root, '', '');
}

/** A walk of one document. */
export function startWalk(yaml: YamlDocument, shared: Omit<Walk, 'yaml' | 'typed' | 'seen' | 'taken'>): Walk {
  return { ...shared, yaml, typed: new Set(), seen: new Set(), taken: new Set() };
}

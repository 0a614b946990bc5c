/** Paths to fields, as tables and users write them: `spec.tasks.*.image`. */

import { isSequence, itemsOf, type YamlDocument, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';

/** A path may lead to many fields; more than this in one object are nobody's. */
const MAX_FIELDS = 100_000;

export interface Field {
  readonly node: YamlNode;
  readonly path: string;
}

/** Splits a path: `spec.versions[].image` and `spec.versions.image` are the same, as lists are entered by themselves. */
export function parsePath(path: string): readonly string[] {
  return path.split('.').map((step) => step.replace(/\[\*?\]$/, ''));
}

/**
 * The fields that a path leads to. `*` stands for any key; lists are entered by themselves.
 * @param at path of `node`, with its dot
 */
export function fieldsAt(yaml: YamlDocument, node: YamlNode, steps: readonly string[], at: string): readonly Field[] {
  let fields: Field[] = [{ node, path: at }];
  for (const step of steps) {
    const next: Field[] = [];
    for (const field of fields) {
      if (next.length > MAX_FIELDS) break;
      if (step === '*') {
        for (const [key, value] of entriesOf(yaml, field.node)) enter(yaml, value, `${field.path}${key}`, next);
      } else {
        const value = valueAt(yaml, field.node, step);
        if (value !== undefined) enter(yaml, value, `${field.path}${step}`, next);
      }
    }
    fields = next;
  }
  return fields.map((field) => ({ ...field, path: field.path.slice(0, -1) }));
}

function enter(yaml: YamlDocument, node: YamlNode, path: string, into: Field[]): void {
  if (!isSequence(yaml, node)) {
    into.push({ node, path: `${path}.` });
    return;
  }
  for (const [i, item] of itemsOf(yaml, node).entries()) into.push({ node: item, path: `${path}[${i}].` });
}

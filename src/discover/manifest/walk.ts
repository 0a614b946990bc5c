/** What the finders of one document share, and how they hand in what they found. */

import type { Problem } from '../../error.ts';
import { SealerError } from '../../error.ts';
import { parseReference } from '../../oci/reference.ts';
import { placeOf, textOf, type YamlDocument, type YamlNode } from '../../yaml/document.ts';
import type { FinderName, Finding, Findings } from '../finding.ts';
import type { Rules } from '../rules/rules.ts';
import { isVariable, lookAt } from './looks.ts';

export interface Walk {
  readonly yaml: YamlDocument;
  readonly found: Findings;
  readonly rules: Rules;
  /** `Deployment shop/web` */
  readonly object?: string | undefined;
  readonly kind?: string | undefined;
  /** Text inside a ConfigMap or Secret is found by 'config', whatever its shape. */
  readonly finder?: FinderName | undefined;
  /**
   * Values of a chart, text of a ConfigMap, a file that is no object: it names images, and whether one of them is used
   * nobody can say. What looks alone find there is only possible.
   */
  readonly isWeak?: boolean | undefined;
  /** Inside text nothing is an error: it may be for anybody. */
  readonly isText?: boolean | undefined;
  /** `global.imageRegistry` of the values that this is part of. */
  readonly globalRegistry?: string | undefined;
  /** How many texts this document is inside of. */
  readonly depth: number;
  /** Objects, PodSpecs and lists already walked: aliases can make a list hold the same object a million times. */
  readonly typed: Set<YamlNode>;
  /** The same for mappings and sequences looked at by shape. */
  readonly seen: Set<YamlNode>;
  /** Scalars that a finder has answered for: the next one leaves them alone. */
  readonly taken: Set<YamlNode>;
  readonly budget: Budget;
}

/** What one file may cost. */
export interface Budget {
  /** Text inside this file that may still be parsed. */
  textBytes: number;
  /** How deep the walk is now: aliases can nest what the parser saw side by side. */
  nesting: number;
}

/** Deeper than any document that people or tools write. */
export const MAX_NESTING = 400;

/** A field whose meaning is known to be an image. */
export interface Known {
  readonly finder: FinderName;
  readonly certainty: Finding['certainty'];
  /** What to say when it is no reference. */
  readonly invalid: 'error' | 'warning' | 'ignore';
}

/** Takes the value of a field that is an image by its type. */
export function takeKnown(walk: Walk, node: YamlNode, path: string, known: Known): void {
  const { yaml } = walk;
  walk.taken.add(node);
  const text = textOf(yaml, node)?.trim();
  try {
    if (text === undefined || text === '') {
      const message = `${path} is ${text === '' ? 'empty' : 'not a string'}`;
      throw new SealerError('INVALID_REFERENCE', message, { hint: 'Write the reference of a container image.' });
    }
    add(walk, { reference: parseReference(text), text, at: placeOf(yaml, node), path, ...pick(known) });
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    if (known.invalid === 'ignore' || walk.isText === true) return;
    const variable = text !== undefined && isVariable(text);
    if (variable && known.invalid === 'warning') return;
    const hint = variable ? 'Variables are not expanded in manifests: write the whole reference.' : error.hint;
    const problem: Problem = { code: error.code, message: error.message, hint, at: placeOf(yaml, node) };
    walk.found.problems.push(known.invalid === 'warning' ? { ...problem, severity: 'warning' } : problem);
  }
}

/** Takes a text that looks like a reference. */
export function takeLook(
  walk: Walk,
  node: YamlNode,
  text: string,
  path: string,
  { finder, certainty }: Pick<Known, 'finder' | 'certainty'>,
): void {
  const look = lookAt(text);
  if (look === undefined) return;
  walk.taken.add(node);
  const isCertain = certainty === 'certain' && walk.isWeak !== true;
  add(walk, {
    reference: look.reference,
    text,
    at: placeOf(walk.yaml, node),
    path,
    finder,
    certainty: isCertain ? 'certain' : 'possible',
  });
}

/** Hands a finding in. */
export function add(walk: Walk, finding: Finding): void {
  walk.found.findings.push({
    ...finding,
    finder: walk.finder ?? finding.finder,
    ...(walk.object === undefined ? {} : { object: walk.object }),
  });
}

function pick({ finder, certainty }: Known): Pick<Finding, 'finder' | 'certainty'> {
  return { finder, certainty };
}

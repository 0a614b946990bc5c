/** Text inside a manifest that is YAML or JSON itself, or a configuration file of another kind. */

import type { Place } from '../../error.ts';
import {
  isLiteral,
  isMapping,
  isSequence,
  type Locate,
  parseYaml,
  placeOf,
  positionOf,
  textOf,
  type YamlNode,
} from '../../yaml/document.ts';
import { splitDocuments } from '../../yaml/split.ts';
import { startWalk, walkDocument } from './find-in-manifests.ts';
import { lookAt, unmistakableIn } from './looks.ts';
import { add, type Walk } from './walk.ts';

/** Text in text in text: a ConfigMap made by a chart inside a HelmChart has three. */
const MAX_DEPTH = 4;

/**
 * Looks for images in the text of a scalar: complete objects in it count as such, everything else is possible.
 * @param object how to name what the text belongs to
 * @param decoded what the scalar's text stands for, where it is encoded
 */
export function walkText(walk: Walk, node: YamlNode, path: string, object: string, decoded?: string): void {
  const text = decoded ?? textOf(walk.yaml, node) ?? '';
  walk.taken.add(node);
  if (!mayNameImages(text) || walk.depth >= MAX_DEPTH) return;
  walk.budget.textBytes -= text.length;
  if (walk.budget.textBytes < 0) return;
  const locate = locateIn(walk, node, decoded === undefined);
  for (const part of splitDocuments(text)) {
    const locatePart: Locate = (line, column) => locate(line + part.line - 1, column);
    const inner = { found: walk.found, rules: walk.rules, budget: walk.budget, object, depth: walk.depth + 1 };
    let isStructured = false;
    for (const document of parseYaml(part.text, locatePart)) {
      if ('problem' in document) isStructured = false;
      else if (isMapping(document, document.root) || isSequence(document, document.root)) {
        isStructured = true;
        walkDocument(startWalk(document, { ...inner, finder: 'config', isWeak: true, isText: true }));
      }
    }
    if (!isStructured) scanLines({ ...walk, object, finder: 'config' }, part.text, path, locatePart);
  }
}

/** Most text has nothing to do with images, and is not worth parsing. */
export function mayNameImages(text: string): boolean {
  return /image/i.test(text) || (text.includes('/') && /[:@]/.test(text) && !unmistakableIn(text).next().done);
}

/** `image = "x:1"` in any syntax, and references that cannot be anything else. */
const ASSIGNMENT = /(?<![\w.-])[\w.-]*image["']?[ \t]*(?::|=>?)[ \t]*["']?([^\s"',;})\]]+)/gi;

function scanLines(walk: Walk, text: string, path: string, locate: Locate): void {
  for (const [i, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (!line.includes(':') && !line.includes('@')) continue;
    const seen = new Set<string>();
    const take = (found: string, index: number): void => {
      const look = lookAt(found);
      if (look === undefined || seen.has(found)) return;
      seen.add(found);
      const at = locate(i + 1, index + 1);
      add(walk, { reference: look.reference, text: found, at, path, finder: 'config', certainty: 'possible' });
    };
    for (const found of unmistakableIn(line)) take(found.text, found.index);
    for (const match of line.matchAll(ASSIGNMENT)) {
      const value = match[1] ?? '';
      if (/[:@]/.test(value)) take(value, match.index + match[0].length - value.length);
    }
  }
}

/** Lines of a literal block are lines of the file; any other text is as a whole where its scalar begins. */
function locateIn(walk: Walk, node: YamlNode, isAsWritten: boolean): Locate {
  const { yaml } = walk;
  if (!isAsWritten || !isLiteral(yaml, node)) {
    const place: Place = placeOf(yaml, node);
    return () => place;
  }
  const { line, column } = positionOf(yaml, node);
  return (own, ownColumn) => yaml.locate(line + own - 1, column + ownColumn - 1);
}

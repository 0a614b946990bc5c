/** Defaults in the schema of a CustomResourceDefinition: the API server fills them in, and an operator pulls them. */

import { isMapping, isSequence, itemsOf, stringOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf } from '../../yaml/mapping.ts';
import { IMAGE_KEY } from './image-keys.ts';
import { lookAt } from './looks.ts';
import { MAX_NESTING, takeLook, type Walk } from './walk.ts';

/** Takes `default` of fields that are called like images. The rest of a schema only describes. */
export function walkCustomResourceDefinition(walk: Walk, node: YamlNode, path: string): void {
  walkSchema(walk, node, path, '');
}

function walkSchema(walk: Walk, node: YamlNode, path: string, ownKey: string): void {
  const { yaml, seen, budget } = walk;
  if (seen.has(node) || budget.nesting >= MAX_NESTING) return;
  budget.nesting += 1;
  if (isSequence(yaml, node)) {
    seen.add(node);
    const at = path.slice(0, -1);
    for (const [i, item] of itemsOf(yaml, node).entries()) walkSchema(walk, item, `${at}[${i}].`, ownKey);
  }
  if (isMapping(yaml, node)) {
    seen.add(node);
    walkProperties(walk, node, path, ownKey);
  }
  budget.nesting -= 1;
}

function walkProperties(walk: Walk, node: YamlNode, path: string, ownKey: string): void {
  const { yaml } = walk;
  const entries = entriesOf(yaml, node);
  const preset = entries.get('default');
  const text = stringOf(yaml, preset);
  if (preset !== undefined && text !== undefined && IMAGE_KEY.test(ownKey) && lookAt(text)?.isTelling === true) {
    takeLook(walk, preset, text, `${path}default`, { finder: 'shape', certainty: 'possible' });
  }
  for (const [key, value] of entries) if (key !== 'description') walkSchema(walk, value, `${path}${key}.`, key);
}

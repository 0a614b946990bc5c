/** Values of charts inside custom resources, and files of values: they name images in pieces. */

import { itemsOf, stringOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';
import { takeComposed } from './composed.ts';
import { IMAGE_KEY } from './image-keys.ts';
import { lookAt } from './looks.ts';
import { takeLook, type Walk } from './walk.ts';

/** Where charts have the registry that wins over all others. */
const GLOBAL_REGISTRY = [
  ['global', 'imageRegistry'],
  ['global', 'image', 'registry'],
  ['global', 'registry'],
  ['imageRegistry'],
];

/** A walk through values: what they name is possible, as nobody here knows which of it the chart uses. */
export function enterValues(walk: Walk, values: YamlNode): Walk {
  for (const steps of GLOBAL_REGISTRY) {
    let node: YamlNode | undefined = values;
    for (const step of steps) node = valueAt(walk.yaml, node, step);
    const globalRegistry = stringOf(walk.yaml, node)?.trim();
    if (globalRegistry) return { ...walk, isWeak: true, globalRegistry };
  }
  return { ...walk, isWeak: true };
}

/**
 * Takes images out of dotted names: `parameters` with names and values (Argo CD), `set` (k3s).
 * @param path of the mapping that holds them
 */
export function takeParameters(walk: Walk, node: YamlNode, path: string): void {
  const { yaml } = walk;
  const values = new Map(entriesOf(yaml, valueAt(yaml, node, 'set')));
  for (const item of itemsOf(yaml, valueAt(yaml, node, 'parameters'))) {
    const name = stringOf(yaml, valueAt(yaml, item, 'name'));
    const value = valueAt(yaml, item, 'value');
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  const registry = stringOf(yaml, values.get('global.imageRegistry'))?.trim();
  const inValues: Walk = { ...walk, isWeak: true, ...(registry ? { globalRegistry: registry } : {}) };
  takeComposed(inValues, values, `${path}.`, { isImage: false, finder: 'shape' });
  for (const [name, value] of values) {
    const text = stringOf(yaml, value)?.trim();
    if (text === undefined || walk.taken.has(value) || !IMAGE_KEY.test(name) || lookAt(text)?.isTelling !== true)
      continue;
    takeLook(inValues, value, text, `${path}.${name}`, { finder: 'shape', certainty: 'possible' });
  }
}

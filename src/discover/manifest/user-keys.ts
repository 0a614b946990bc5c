/** Fields that the user's sealer.yaml says hold images. */

import { isMapping, isSequence, itemsOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf } from '../../yaml/mapping.ts';
import type { KeyRule } from '../rules/rules.ts';
import { takeComposed } from './composed.ts';
import { fieldsAt } from './field-path.ts';
import { takeKnown, type Walk } from './walk.ts';

/** Takes what rules with a path lead to in an object. */
export function takeByRules(walk: Walk, node: YamlNode, path: string): void {
  for (const rule of walk.rules.keys) {
    if (rule.path === undefined || (rule.kind !== undefined && rule.kind !== walk.kind)) continue;
    for (const field of fieldsAt(walk.yaml, node, rule.path, path)) takeField(walk, field.node, field.path, rule);
  }
}

/** Takes what rules with only a key name in a mapping at any depth. */
export function takeByKey(walk: Walk, entries: ReadonlyMap<string, YamlNode>, path: string): void {
  for (const rule of walk.rules.keys) {
    if (rule.key === undefined || (rule.kind !== undefined && rule.kind !== walk.kind)) continue;
    const value = entries.get(rule.key);
    if (value !== undefined) takeField(walk, value, `${path}${rule.key}`, rule);
  }
}

function takeField(walk: Walk, node: YamlNode, path: string, rule: KeyRule): void {
  const { yaml, taken } = walk;
  const certainty = rule.isCertain ? 'certain' : 'possible';
  if (isSequence(yaml, node)) {
    for (const [i, item] of itemsOf(yaml, node).entries()) takeField(walk, item, `${path}[${i}]`, rule);
  } else if (isMapping(yaml, node)) {
    const strong = { ...walk, isWeak: false };
    takeComposed(strong, entriesOf(yaml, node), `${path}.`, { isImage: true, finder: 'rule', certainty });
  } else if (!taken.has(node)) {
    takeKnown(walk, node, path, { finder: 'rule', certainty, invalid: 'warning' });
  }
}

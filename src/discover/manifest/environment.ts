/** Images in lists of names and values: environment variables of containers, and parameters of pipelines. */

import { isMapping, isSequence, itemsOf, textOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';
import { takeComposed } from './composed.ts';
import { walkText } from './embedded-text.ts';
import { namesImage } from './image-keys.ts';
import { lookAt, unmistakableIn } from './looks.ts';
import { takeKnown, takeLook, type Walk } from './walk.ts';

/** By which operators are told what to run (Operator SDK, and OLM's bundles). */
const RELATED_IMAGE = /^RELATED_IMAGE_/;

/** Values that hold each other grow without end; in characters, for all variables of a container. */
const MAX_EXPANDED = 1_000_000;

/** Whether a node is a list of names and values (or defaults). */
export function isNamedList(walk: Walk, node: YamlNode): boolean {
  if (!isSequence(walk.yaml, node)) return false;
  const [first] = itemsOf(walk.yaml, node);
  const entries = entriesOf(walk.yaml, first);
  return entries.has('name') && (entries.has('value') || entries.has('default') || entries.has('valueFrom'));
}

/** The variables of a container by name; worked out when the first `$(NAME)` asks for them. */
export type Variables = () => ReadonlyMap<string, string>;

/** The variables that a list of names and values declares. */
export function variablesOf({ yaml }: Walk, env: YamlNode | undefined): Variables {
  let known: Map<string, string> | undefined;
  return () => {
    if (known !== undefined) return known;
    known = new Map();
    let left = MAX_EXPANDED;
    for (const item of itemsOf(yaml, env)) {
      const name = textOf(yaml, valueAt(yaml, item, 'name'));
      const value = textOf(yaml, valueAt(yaml, item, 'value'));
      if (name === undefined || value === undefined) continue;
      const expanded = left > 0 ? expandVariables(value, () => known ?? new Map()) : value;
      left -= expanded.length;
      known.set(name, expanded);
    }
    return known;
  };
}

/** Kubernetes' own expansion: `$(NAME)` of a variable that is declared before; `$$(NAME)` stays. */
export function expandVariables(text: string, variables: Variables): string {
  if (!text.includes('$(')) return text;
  const expanded = text.replace(/\$?\$\(([\w.-]+)\)/g, (all, name) =>
    all.startsWith('$$') ? all : (variables().get(name) ?? all),
  );
  return expanded.length > MAX_EXPANDED / 16 ? text : expanded;
}

/**
 * Takes the images of a list of names and values.
 * @param path of the list
 */
export function walkEnvironment(walk: Walk, list: YamlNode, path: string, variables: Variables): void {
  const { yaml, seen } = walk;
  if (seen.has(list)) return;
  seen.add(list);
  const byName = new Map<string, YamlNode>();
  for (const [i, item] of itemsOf(yaml, list).entries()) {
    const entries = entriesOf(yaml, item);
    const name = textOf(yaml, entries.get('name'));
    const key = entries.has('value') ? 'value' : 'default';
    const value = entries.get(key);
    if (name === undefined || value === undefined || isMapping(yaml, value) || isSequence(yaml, value)) continue;
    byName.set(name, value);
    takeNamed(walk, name, value, `${path}[${i}].${key}`, variables);
  }
  if (byName.size > 1) takeComposed({ ...walk, isWeak: true }, byName, `${path}.`, COMPOSED_OF_VARIABLES);
}

const COMPOSED_OF_VARIABLES = { isImage: false, finder: 'env', mustSayImage: true } as const;

function takeNamed(walk: Walk, name: string, node: YamlNode, path: string, variables: Variables): void {
  const written = textOf(walk.yaml, node)?.trim() ?? '';
  if (written === '' || walk.taken.has(node)) return;
  const text = expandVariables(written, variables);
  const possible = { finder: 'env', certainty: 'possible' } as const;
  if (RELATED_IMAGE.test(name)) {
    const certainty = walk.isWeak === true ? 'possible' : 'certain';
    if (text === written) takeKnown(walk, node, path, { finder: 'env', certainty, invalid: 'warning' });
    else takeLook(walk, node, text, path, { finder: 'env', certainty });
    return;
  }
  const look = lookAt(text);
  if (look !== undefined) {
    if (look.isUnmistakable || (namesImage(name) && look.isTelling)) takeLook(walk, node, text, path, possible);
    return;
  }
  if (/^\s*[{[]|\n/.test(text) && /image/i.test(text)) {
    walkText(walk, node, path, `${walk.object ?? ''} variable ${name}`.trim());
    return;
  }
  for (const found of unmistakableIn(text)) takeLook(walk, node, found.text, path, possible);
}

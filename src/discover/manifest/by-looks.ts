/** Images by their looks: keys like `image`, maps of registry, repository and tag, PodSpecs in kinds that nobody knows. */

import { isMapping, isSequence, itemsOf, stringOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf } from '../../yaml/mapping.ts';
import { walkArguments } from './arguments.ts';
import { isRoleKey, takeComposed } from './composed.ts';
import { isNamedList, variablesOf, walkEnvironment } from './environment.ts';
import { IMAGE_KEY, IMAGES_KEY } from './image-keys.ts';
import { lookAt, unmistakableIn } from './looks.ts';
import { walkObject } from './object.ts';
import { isPodSpec, walkPodSpec } from './pod-spec.ts';
import { takeByKey } from './user-keys.ts';
import { MAX_NESTING, takeLook, type Walk } from './walk.ts';

/** Where commands stand: of containers, and of the steps of pipelines. */
const ARGUMENT_KEYS = new Set(['args', 'command', 'extraArgs', 'additionalArgs', 'cmd', 'script', 'entrypoint']);
/** What is written for people, or kept by clients. */
const SKIPPED_KEYS = new Set(['description', 'kubectl.kubernetes.io/last-applied-configuration', 'managedFields']);

/**
 * Walks a part of a document of which only the looks are known.
 * @param path of the node, with its dot
 * @param ownKey the key whose value this is
 * @param isInImages whether a key like `images` stands above it
 */
export function walkByLooks(walk: Walk, node: YamlNode, path: string, ownKey: string, isInImages = false): void {
  const { yaml, seen, budget } = walk;
  if (!isMapping(yaml, node) && !isSequence(yaml, node)) {
    takeScalar(walk, node, path, ownKey, isInImages);
    return;
  }
  if (seen.has(node) || budget.nesting >= MAX_NESTING) return;
  seen.add(node);
  budget.nesting += 1;
  if (isMapping(yaml, node)) walkMapping(walk, node, path, ownKey, isInImages);
  else walkSequence(walk, node, path.slice(0, -1), ownKey, isInImages || IMAGES_KEY.test(ownKey));
  budget.nesting -= 1;
}

function walkSequence(walk: Walk, node: YamlNode, path: string, ownKey: string, isInImages: boolean): void {
  for (const [i, item] of itemsOf(walk.yaml, node).entries()) {
    walkByLooks(walk, item, `${path}[${i}].`, ownKey, isInImages);
  }
}

function walkMapping(walk: Walk, node: YamlNode, path: string, ownKey: string, isInImages: boolean): void {
  const { yaml } = walk;
  const entries = entriesOf(yaml, node);
  const isObject = stringOf(yaml, entries.get('kind')) !== undefined && entries.has('apiVersion');
  // An object inside another: what an Argo Sensor or an OCM ManifestWork is to create.
  if (isObject && path !== '' && !walk.typed.has(node)) {
    walkObject(walk, node, path, undefined);
    return;
  }
  if (isPodSpec(walk, node)) {
    const certainty = walk.isWeak === true ? 'possible' : 'certain';
    walkPodSpec(walk, node, path, { finder: 'resource', certainty, invalid: 'ignore' });
  }
  takeByKey(walk, entries, path);
  takeComposed(walk, entries, path, { isImage: isInImages || IMAGE_KEY.test(ownKey), finder: 'shape' });
  const env = entries.get('env');
  const variables = variablesOf(walk, env);
  for (const [key, value] of entries) {
    if (SKIPPED_KEYS.has(key)) continue;
    if (ARGUMENT_KEYS.has(key)) walkArguments(walk, value, `${path}${key}`, variables);
    else if (isNamedList(walk, value)) walkEnvironment(walk, value, `${path}${key}`, variables);
    else walkByLooks(walk, value, `${path}${key}.`, key, isInImages || IMAGES_KEY.test(key));
  }
}

/** @param at its path, with a dot: cutting that off for every scalar of a large document would take a while */
function takeScalar(walk: Walk, node: YamlNode, at: string, key: string, isInImages: boolean): void {
  if (walk.taken.has(node)) return;
  const text = stringOf(walk.yaml, node)?.trim();
  if (text === undefined || text === '') return;
  const isImage = IMAGE_KEY.test(key);
  if (isImage || (isInImages && !isRoleKey(key))) {
    const look = lookAt(text);
    if (look === undefined) return;
    // `osImage: Ubuntu` is a word; `image: nginx` is an image.
    const isTelling = isImage || IMAGES_KEY.test(key) ? look.isTelling : /[:@]/.test(text);
    if (!isTelling && key.toLowerCase() !== 'image') return;
    takeLook(walk, node, text, at.slice(0, -1), {
      finder: 'shape',
      certainty: look.isUnmistakable ? 'certain' : 'possible',
    });
    return;
  }
  if (!text.includes('/') || !/[:@]/.test(text)) return;
  for (const found of unmistakableIn(text)) {
    if (found.text === text) takeLook(walk, node, text, at.slice(0, -1), { finder: 'shape', certainty: 'possible' });
  }
}

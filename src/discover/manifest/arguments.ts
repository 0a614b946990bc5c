/** Images in commands and arguments of containers: `--x-image=ref`, `--image ref`, and references as they are. */

import { isSequence, itemsOf, textOf, type YamlNode } from '../../yaml/document.ts';
import { imagesInCommands } from '../lists/commands.ts';
import { expandVariables, type Variables } from './environment.ts';
import { namesImage } from './image-keys.ts';
import { lookAt, unmistakableIn } from './looks.ts';
import { takeLook, type Walk } from './walk.ts';

const POSSIBLE = { finder: 'argument', certainty: 'possible' } as const;

/**
 * Takes the images of a list of arguments, or of a script.
 * @param path of the list or script
 */
export function walkArguments(walk: Walk, node: YamlNode, path: string, variables: Variables): void {
  const { yaml, seen } = walk;
  if (seen.has(node)) return;
  seen.add(node);
  const items = isSequence(yaml, node) ? itemsOf(yaml, node) : [node];
  let flag = '';
  for (const [i, item] of items.entries()) {
    const written = textOf(yaml, item)?.trim();
    if (written === undefined || walk.taken.has(item)) continue;
    const text = expandVariables(written, variables);
    for (const image of new Set(imagesIn(text, flag))) {
      takeLook(walk, item, image, isSequence(yaml, node) ? `${path}[${i}]` : path, POSSIBLE);
    }
    flag = /^--?[\w.-]+$/.test(text) ? text : '';
  }
}

/** @param flag the argument before, if it is a flag without a value */
function* imagesIn(text: string, flag: string): Generator<string> {
  const assigned = /^(?:--?)?([\w.-]+)=(\S+)$/.exec(text);
  const name = assigned?.[1] ?? flag;
  const value = assigned?.[2] ?? text;
  const look = lookAt(value);
  if (look !== undefined) {
    if (look.isUnmistakable || (namesImage(name) && look.isTelling)) yield value;
    return;
  }
  if (/\s/.test(text)) for (const { image } of imagesInCommands(text)) yield image;
  for (const found of unmistakableIn(value)) yield found.text;
}

/** Data of ConfigMaps and Secrets: configuration of operators, values of charts, manifests to be applied. */

import { textOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';
import { takeComposed } from './composed.ts';
import { mayNameImages, walkText } from './embedded-text.ts';
import { IMAGE_KEY } from './image-keys.ts';
import { lookAt } from './looks.ts';
import { takeLook, type Walk } from './walk.ts';

/** Helm keeps its releases in Secrets, packed: what they hold was installed once. */
const HELM_RELEASE = 'helm.sh/release.v1';

/**
 * Looks for images in each key of a ConfigMap or Secret.
 * @param path of the object, with its dot
 */
export function walkConfigData(walk: Walk, node: YamlNode, path: string, kind: 'ConfigMap' | 'Secret'): void {
  const { yaml } = walk;
  if (textOf(yaml, valueAt(yaml, node, 'type')) === HELM_RELEASE) return;
  const weak: Walk = { ...walk, isWeak: true, finder: 'config' };
  const data = valueAt(yaml, node, 'data');
  const isEncoded = kind === 'Secret';
  if (!isEncoded) takeComposed(weak, entriesOf(yaml, data), `${path}data.`, { isImage: false, finder: 'config' });
  walkKeys(weak, data, `${path}data.`, isEncoded);
  walkKeys(weak, valueAt(yaml, node, 'stringData'), `${path}stringData.`, false);
  walkKeys(weak, valueAt(yaml, node, 'binaryData'), `${path}binaryData.`, true);
}

function walkKeys(walk: Walk, data: YamlNode | undefined, path: string, isEncoded: boolean): void {
  for (const [key, node] of entriesOf(walk.yaml, data)) {
    const written = textOf(walk.yaml, node);
    if (written === undefined || walk.taken.has(node)) continue;
    const text = isEncoded ? decode(written) : written;
    if (text === undefined) continue;
    const word = text.trim();
    if (IMAGE_KEY.test(key) && lookAt(word)?.isTelling === true) {
      takeLook(walk, node, word, `${path}${key}`, { finder: 'config', certainty: 'possible' });
    } else if (mayNameImages(text)) {
      const object = `${walk.object ?? ''} key ${key}`.trim();
      walkText(walk, node, `${path}${key}`, object, isEncoded ? text : undefined);
    }
  }
}

/** The text behind base64; undefined for what is no text. */
function decode(base64: string): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

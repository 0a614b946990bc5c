/** Any YAML as plain data, for what is handed on to other programs. */

import { EVENT_ID, SCALAR_STYLE } from 'js-yaml';
import { entriesOf, follow, isMapping, isSequence, itemsOf, placeOf, textOf, type YamlNode } from '../../yaml/index.ts';
import { looksSecret } from './environment.ts';
import { keyNodes, placeWithin, type Reading, spend } from './reading.ts';

/** Deeper than any settings of Kubernetes. */
const MAX_DEPTH = 64;

/**
 * Reads a node as Kubernetes' programs do (sigs.k8s.io/yaml): `yes` and `on` are booleans. Variables are replaced in
 * strings; an entry whose variable is missing is left out.
 */
export function readPlain(reading: Reading, node: YamlNode, key = '', depth = 0): unknown {
  const { yaml } = reading;
  const target = follow(yaml, node);
  if (!spend(reading, target)) return undefined;
  if (depth > MAX_DEPTH) {
    reading.findings.add(placeOf(yaml, target), `This is nested more than ${MAX_DEPTH} levels deep`);
    return undefined;
  }
  if (isMapping(yaml, target)) {
    keyNodes(yaml, target, reading.findings);
    const entries = [...entriesOf(yaml, target)].map(([name, value]) => [
      name,
      readPlain(reading, value, name, depth + 1),
    ]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
  if (isSequence(yaml, target)) {
    const items = itemsOf(yaml, target).map((item) => readPlain(reading, item, key, depth + 1));
    return items.filter((item) => item !== undefined);
  }
  return readScalar(reading, target, key);
}

function readScalar(reading: Reading, node: YamlNode, key: string): unknown {
  const text = textOf(reading.yaml, node);
  if (text === undefined) {
    reading.findings.add(
      placeOf(reading.yaml, node),
      'This alias stands for nothing',
      'Its anchor must stand before it.',
    );
    return undefined;
  }
  if (!isPlainScalar(reading, node)) {
    return reading.scope.expand(text, placeWithin(reading, node, text), looksSecret(key));
  }
  if (text.includes('${')) return reading.scope.expand(text, placeWithin(reading, node, text), looksSecret(key));
  return scalarValue(text);
}

/** A scalar without quotes and without a tag. */
export function isPlainScalar({ yaml }: Reading, node: YamlNode): boolean {
  const event = yaml.events[node];
  return event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0;
}

function scalarValue(text: string): unknown {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|yes|on)$/i.test(text)) return true;
  if (/^(?:false|no|off)$/i.test(text)) return false;
  if (/^0o?[0-7]+$/.test(text)) return Number.parseInt(text.replace(/^0o?/, '') || '0', 8);
  if (/^0x[\da-f]+$/i.test(text)) return Number.parseInt(text, 16);
  if (/^[-+]?\d+$/.test(text)) return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text)) return Number(text);
  return text;
}

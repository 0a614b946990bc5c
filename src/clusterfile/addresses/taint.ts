/** Taints as `kubectl taint` and sealer write them. */

import { didYouMean, listNames } from '../../suggest.ts';
import type { Taint } from '../desired.ts';
import type { AddressMistake } from './hosts.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

/** Reads `key=value:Effect`, `key:Effect`, `key=:Effect`, and to remove one `key-` or `key:Effect-`. */
export function parseTaint(text: string): Taint | AddressMistake {
  const isRemoval = text.endsWith('-');
  const plain = isRemoval ? text.slice(0, -1) : text;
  const colon = plain.indexOf(':');
  const [key = '', value = ''] = splitOnce(colon < 0 ? plain : plain.slice(0, colon), '=');
  const word = colon < 0 ? '' : plain.slice(colon + 1);
  const effect = EFFECTS.find((each) => each === word) ?? '';
  if (!isLabelKey(key)) return { message: `The taint "${text}" has no valid key`, hint: FORMS };
  if (!isLabelValue(value)) return { message: `The taint "${text}" has a value that Kubernetes does not allow` };
  if (word !== '' && effect === '') {
    const hint = didYouMean(word, EFFECTS) ?? `Known are ${listNames(EFFECTS)}.`;
    return { message: `The taint "${text}" has an unknown effect`, hint };
  }
  if (effect === '' && !isRemoval) return { message: `The taint "${text}" has no effect`, hint: FORMS };
  return { key, value, effect, isRemoval };
}

/** Writes a taint as it is read. */
export function formatTaint({ key, value, effect, isRemoval }: Taint): string {
  return `${key}${value === '' ? '' : `=${value}`}${effect === '' ? '' : `:${effect}`}${isRemoval ? '-' : ''}`;
}

/** Whether a text can be the key of a label or taint: `[prefix/]name` (Kubernetes, "Labels and Selectors"). */
export function isLabelKey(text: string): boolean {
  const [name = '', prefix, ...more] = text.split('/').reverse();
  if (more.length > 0 || !LABEL_PART.test(name) || name.length > 63) return false;
  return prefix === undefined || (PREFIX.test(prefix) && prefix.length <= 253);
}

/** Whether a text can be the value of a label. */
export function isLabelValue(text: string): boolean {
  return text === '' || (LABEL_PART.test(text) && text.length <= 63);
}

const FORMS = 'Write key=value:Effect, key:Effect, or key- to remove one.';
const LABEL_PART = /^[A-Za-z\d](?:[\w.-]*[A-Za-z\d])?$/;
const PREFIX = /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/;

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

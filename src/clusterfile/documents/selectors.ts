/** Which hosts a plugin runs on. */

import { didYouMean } from '../../suggest.ts';
import { type AddressMistake, parseHostList } from '../addresses/hosts.ts';
import { isLabelKey, isLabelValue } from '../addresses/taint.ts';
import { isRole } from './hosts.ts';

/**
 * Splits `master|node`, `10.0.0.2,10.0.0.5-10.0.0.9` and `a=b,c=d`: a label selector keeps its commas, which mean "and".
 */
export function splitSelectors(text: string): readonly string[] {
  return text
    .split('|')
    .flatMap((part) => (part.includes('=') ? [part] : part.split(',')))
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/**
 * What is wrong with a selector: `master`, `master0`, a role, an address, a range, or `key=value,key!=value,key`.
 * @param roles that hosts have; undefined: any role will do
 */
export function selectorMistake(text: string, roles: readonly string[] | undefined): AddressMistake | undefined {
  if (text.length > 1000) return { message: 'A selector is longer than 1000 characters' };
  if (text.includes('=')) return labelMistake(text);
  if (isAddress(text)) return parseHostList(text).mistakes[0];
  if (/^(?:master|node)\d{0,4}$/.test(text)) return undefined;
  if (!isRole(text) && !isLabelKey(text)) return { message: `"${text}" selects no hosts`, hint: FORMS };
  // A name with a dot or slash is a host or a label.
  if (roles === undefined || /[./]/.test(text) || roles.includes(text)) return undefined;
  const known = [...new Set(['master', 'node', 'master0', ...roles])];
  const hint = didYouMean(text, known) ?? `Roles are ${known.join(', ')}.`;
  return { message: `"${text}" is not the role of a host`, hint };
}

const FORMS = 'Write roles, master0, addresses, ranges, or a label selector such as disk=ssd.';

function isAddress(text: string): boolean {
  return /^[\d.]+(?:-|$)/.test(text) || text.includes(':');
}

function labelMistake(text: string): AddressMistake | undefined {
  for (const part of text.split(',')) {
    const [, key = '', value = ''] = /^\s*!?([^=!\s]+)\s*(?:(?:!=|==?)\s*(\S*))?\s*$/.exec(part) ?? [];
    if (!isLabelKey(key) || !isLabelValue(value)) return { message: `"${text}" is not a label selector`, hint: FORMS };
  }
  return undefined;
}

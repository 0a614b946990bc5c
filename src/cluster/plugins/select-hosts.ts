/** Which hosts a selector means: roles, `master0`, addresses, ranges, names of hosts, or labels. */

import { canonicalAddress, parseHostList } from '../../clusterfile/index.ts';

/** A host as selectors see it. */
export interface Selectable {
  readonly address: string;
  readonly roles: readonly string[];
  /** Of its node, or of the Clusterfile while there is none. */
  readonly labels: Readonly<Record<string, string>>;
  /** Default: the first of the hosts with the role `master`. */
  readonly isMaster0?: boolean | undefined;
  /** Of its node. */
  readonly name?: string | undefined;
}

/** Roles that there are even if no host has them. */
const KNOWN_ROLES = ['master', 'node', 'master0'];

/**
 * The hosts that any of the selectors means, in the order of the hosts. Selectors are separated by `,` or `|`; one with `=`
 * is a label selector as kubectl has it (`disk=ssd,zone!=a`), and its commas mean "and".
 */
export function selectHosts<Each extends Selectable>(selectors: readonly string[], hosts: readonly Each[]): Each[] {
  const meant = new Set(selectors.flatMap((selector) => matching(selector, hosts)));
  return hosts.filter((host) => meant.has(host));
}

/** Whether a selector is about labels. */
export function isLabelSelector(selector: string): boolean {
  return selector.includes('=');
}

/** Words of selectors that are no role and no host that there is. */
export function unknownWords(selectors: readonly string[], hosts: readonly Selectable[]): readonly string[] {
  return selectors
    .filter((selector) => !isLabelSelector(selector))
    .flatMap(wordsOf)
    .filter((word) => !KNOWN_ROLES.includes(word) && matchingWord(word, hosts).length === 0);
}

function matching<Each extends Selectable>(selector: string, hosts: readonly Each[]): readonly Each[] {
  if (isLabelSelector(selector)) return hosts.filter(({ labels }) => hasLabels(labels, selector));
  return wordsOf(selector).flatMap((word) => matchingWord(word, hosts));
}

function matchingWord<Each extends Selectable>(word: string, hosts: readonly Each[]): readonly Each[] {
  if (word === 'master0') return master0Of(hosts);
  const byRole = hosts.filter(({ roles }) => roles.includes(word));
  if (byRole.length > 0) return byRole;
  const addresses = new Set(parseHostList(word).hosts.map(({ address }) => address));
  return hosts.filter(({ address, name }) => addresses.has(canonicalAddress(address)) || name === word);
}

function master0Of<Each extends Selectable>(hosts: readonly Each[]): readonly Each[] {
  const isTold = hosts.some(({ isMaster0 }) => isMaster0 !== undefined);
  return isTold
    ? hosts.filter(({ isMaster0 }) => isMaster0 === true)
    : hosts.filter(({ roles }) => roles.includes('master')).slice(0, 1);
}

function wordsOf(selector: string): readonly string[] {
  return selector
    .split(/[,|]/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Equality-based requirements (Kubernetes, "Labels and Selectors"). */
function hasLabels(labels: Readonly<Record<string, string>>, selector: string): boolean {
  return selector.split(',').every((requirement) => {
    const [, key = '', operator, value = ''] = /^\s*([^=!\s]+)\s*(?:(!=|==?)\s*(\S*))?\s*$/.exec(requirement) ?? [];
    if (operator === undefined) return key !== '' && key in labels;
    return (labels[key] === value) === (operator !== '!=');
  });
}

/** The hosts of a Cluster: lists expanded, entries of one host joined. */

import { didYouMean } from '../../suggest.ts';
import { type HostAddress, MAX_HOSTS, parseHostList } from '../addresses/hosts.ts';
import { isLabelKey, isLabelValue, parseTaint } from '../addresses/taint.ts';
import type { Env, HostSpec, Taint } from '../desired.ts';
import { below, type Checked } from '../reading/checked.ts';
import type { Findings } from '../reading/findings.ts';
import { readEnv } from './env.ts';
import { completeSsh, layer, readSsh, type SshPart } from './ssh.ts';

/** What one entry says of each of its hosts. */
interface Entry {
  readonly roles: readonly string[];
  readonly ssh: SshPart;
  readonly env: Env;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

/**
 * Reads `spec.hosts`. A host of several entries has the roles of all; of the rest, a later entry counts.
 * @param defaults `spec.ssh`
 */
export function readHosts(list: Checked | undefined, defaults: SshPart, findings: Findings): readonly HostSpec[] {
  const hosts = new Map<string, Entry>();
  for (const item of list?.items ?? []) {
    const entry = readEntry(item, findings);
    for (const { address, at, user, port } of addressesOf(below(item, 'ips'), findings)) {
      const before = hosts.get(address);
      const again = entry.roles.filter((role) => before?.roles.includes(role));
      if (again.length > 0) findings.warn(at, `${address} is named twice as ${again.join(' and ')}`, 'Name it once.');
      if (before === undefined && hosts.size === MAX_HOSTS) findings.add(at, `There are more than ${MAX_HOSTS} hosts`);
      hosts.set(address, join(before, { ...entry, ssh: layer({ user, port }, entry.ssh) }));
    }
  }
  return [...hosts].map(([address, { ssh, roles, ...entry }]) => ({
    address,
    roles: sortRoles(roles),
    ...entry,
    ssh: completeSsh(layer(ssh, defaults)),
  }));
}

/** Masters first, then nodes, then the user's own in their order; each once. */
export function sortRoles(roles: readonly string[]): readonly string[] {
  const own = roles.filter((role) => role !== 'master' && role !== 'node');
  return [...['master', 'node'].filter((role) => roles.includes(role)), ...new Set(own)];
}

/** Whether a text can be a role. */
export function isRole(text: string): boolean {
  return /^[A-Za-z\d](?:[\w.-]{0,61}[A-Za-z\d])?$/.test(text);
}

function readEntry(item: Checked, findings: Findings): Entry {
  return {
    roles: readRoles(below(item, 'roles'), findings),
    ssh: readSsh(below(item, 'ssh'), findings),
    env: readEnv(below(item, 'env'), findings),
    labels: readLabels(below(item, 'labels'), findings),
    taints: readTaints(below(item, 'taints'), findings),
  };
}

function join(before: Entry | undefined, entry: Entry): Entry {
  if (before === undefined) return entry;
  return {
    roles: [...before.roles, ...entry.roles],
    ssh: layer(entry.ssh, before.ssh),
    env: { ...before.env, ...entry.env },
    labels: { ...before.labels, ...entry.labels },
    taints: [...before.taints.filter((taint) => !entry.taints.some((each) => each.key === taint.key)), ...entry.taints],
  };
}

function addressesOf(ips: Checked | undefined, findings: Findings): readonly (HostAddress & Pick<Checked, 'at'>)[] {
  if (ips?.items?.length === 0) findings.add(ips.at, 'ips has no hosts', 'Name at least one.');
  return (ips?.items ?? []).flatMap(({ at, text = '' }) => {
    const { hosts, mistakes } = parseHostList(text);
    for (const { message, hint } of mistakes) findings.add(at, message, hint);
    return hosts.map((host) => ({ ...host, at }));
  });
}

function readRoles(list: Checked | undefined, findings: Findings): readonly string[] {
  const items = list?.items ?? [];
  const roles = items.flatMap(({ text = '', at }) => {
    if (isRole(text)) return [text];
    findings.add(at, `"${text}" cannot be a role`, 'A role has letters, digits, -, _ and dots.');
    return [];
  });
  if (list === undefined || roles.length < items.length) return roles;
  if (roles.length === 0) findings.add(list.at, 'roles is empty', ROLES);
  else if (!roles.includes('master') && !roles.includes('node')) {
    const near = items.find(({ text = '' }) => didYouMean(text, ['master', 'node']) !== undefined);
    const hint = near?.text === undefined ? ROLES : didYouMean(near.text, ['master', 'node']);
    findings.add((near ?? list).at, `${roles.join(', ')}: a host is a master or a node besides`, hint);
  }
  return roles;
}

const ROLES = 'Give it the role master, node, or both.';

function readLabels(map: Checked | undefined, findings: Findings): Readonly<Record<string, string>> {
  const labels = [...(map?.entries ?? [])].flatMap(([key, { at, text = '' }]): [string, string][] => {
    if (!isLabelKey(key)) findings.add(at, `The label "${key}" has a key that Kubernetes does not allow`);
    else if (!isLabelValue(text))
      findings.add(at, `The label ${key} has a value that Kubernetes does not allow`, LABEL);
    return [[key, text]];
  });
  return Object.fromEntries(labels);
}

const LABEL = 'A value has up to 63 letters, digits, -, _ and dots.';

function readTaints(list: Checked | undefined, findings: Findings): readonly Taint[] {
  return (list?.items ?? []).flatMap(({ at, text = '' }) => {
    const taint = parseTaint(text);
    if ('key' in taint) return [taint];
    findings.add(at, taint.message, taint.hint);
    return [];
  });
}

/** Whether hosts can be told apart: by name, machine-id, firmware, network card and address. */

import { type Clusterfile, canonicalAddress } from '../../../clusterfile/index.ts';
import type { Problem } from '../../../error.ts';
import { isAtLeast } from '../../../runtime/version.ts';
import { readHostnames } from '../../plugins/data-lines.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { finding } from './finding.ts';

/** RFC 1123; longer names do not fit into the label kubernetes.io/hostname. */
const NAME = /^[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/;

/** New hosts are compared with all, members with nobody: they live together already. */
export function judgeIdentities(hosts: readonly Inspected[], wanted: Wanted): Problem[] {
  const given = givenNames(wanted.clusterfile);
  const nameOf = ({ address, facts }: Inspected) =>
    (given.get(canonicalAddress(address)) ?? facts.hostname).toLowerCase();
  return [
    ...judgeSameMachines(hosts),
    ...hosts.filter(({ isMember }) => !isMember).flatMap((host) => judgeName(host, nameOf(host))),
    ...twins(hosts, nameOf, 'error', (name, others) => ({
      text: `is called ${name}, and so is ${others}`,
      hint: 'Give each host a name of its own (hostnamectl hostname NAME, or the plugin HOSTNAME): nodes are called by it.',
    })),
    ...twins(
      hosts,
      ({ facts }) => facts.machineId,
      machineIdSeverity(wanted),
      (_, others) => ({
        text: `has the same machine-id as ${others}`,
        hint: 'Make it a new one: rm /etc/machine-id /var/lib/dbus/machine-id, then systemd-machine-id-setup, then reboot.',
      }),
    ),
    ...twins(
      hosts,
      ({ report }) => (report.isContainer ? '' : (report.productUuid ?? '')),
      'warning',
      (_, others) => ({
        text: `has the same product_uuid as ${others}`,
        hint: 'Give each virtual machine its own: what tells machines apart by it takes them for one.',
      }),
    ),
    ...twins(
      hosts,
      ({ report }) => report.macs[0] ?? '',
      'warning',
      (mac, others) => ({
        text: `has the MAC address ${mac}, and so has ${others}`,
        hint: 'Give each network card its own address; on one network they would take packets from each other.',
      }),
    ),
  ];
}

function judgeName(host: Inspected, name: string): Problem[] {
  const hint =
    'Name it with lower-case letters, digits and hyphens (hostnamectl hostname NAME, or the plugin HOSTNAME).';
  if (name === 'localhost' || name.startsWith('localhost.')) {
    return [finding(host, 'error', `is called ${name}, which every machine is`, hint)];
  }
  if (NAME.test(name) && name.length <= 63) return [];
  const why = name.length > 63 ? 'which is longer than 63 characters' : 'which no node can be called (RFC 1123)';
  return [finding(host, 'error', `is called "${name.slice(0, 80)}", ${why}`, hint)];
}

/** Two entries of the Clusterfile that lead to one machine, say by its two addresses. */
function judgeSameMachines(hosts: readonly Inspected[]): Problem[] {
  const byAddress = new Map<string, Inspected[]>();
  for (const host of hosts) {
    for (const address of host.facts.addresses) {
      const owners = byAddress.get(address);
      if (owners === undefined) byAddress.set(address, [host]);
      else owners.push(host);
    }
  }
  return hosts.flatMap((host): Problem[] => {
    if (host.isMember) return [];
    const other = (byAddress.get(canonicalAddress(host.address)) ?? []).find((each) => each !== host);
    if (other === undefined) return [];
    if (other.facts.machineId === host.facts.machineId && other.facts.hostname === host.facts.hostname) {
      return [
        finding(host, 'error', `is the same machine as ${other.label}`, 'Name each machine once, by one address.'),
      ];
    }
    const hint = 'Take the address off that host, or name this one by another address.';
    return [finding(host, 'warning', `has an address that ${other.label} has as well`, hint)];
  });
}

/** Names that the plugin HOSTNAME gives before anything is joined. */
function givenNames({ plugins }: Clusterfile): ReadonlyMap<string, string> {
  const lines = plugins
    .filter(({ type }) => type.toUpperCase() === 'HOSTNAME')
    .flatMap(({ data }) => readHostnames(data))
    .flatMap((line) => ('name' in line ? [line] : []));
  return new Map(lines.map(({ address, name }) => [canonicalAddress(address), name]));
}

/** k0s told its controllers apart by it until 1.30 (k0sctl refuses for those). */
function machineIdSeverity({ image: { runtime, kubeVersion } }: Wanted): 'error' | 'warning' {
  try {
    return runtime === 'k0s' && kubeVersion !== undefined && !isAtLeast(kubeVersion, 1, 30) ? 'error' : 'warning';
  } catch {
    return 'warning';
  }
}

/** Findings on new hosts whose mark another host has too. */
function twins(
  hosts: readonly Inspected[],
  markOf: (host: Inspected) => string,
  severity: 'error' | 'warning',
  say: (mark: string, others: string) => { readonly text: string; readonly hint: string },
): Problem[] {
  const byMark = Map.groupBy(hosts, markOf);
  return [...byMark].flatMap(([mark, group]) => {
    if (mark === '' || group.length < 2) return [];
    return group.flatMap((host, i): Problem[] => {
      const other = group[i === 0 ? 1 : 0];
      if (host.isMember || other === undefined) return [];
      const more = group.length > 2 ? ` and ${group.length - 2} more` : '';
      const { text, hint } = say(mark, `${other.label}${more}`);
      return [finding(host, severity, text, hint)];
    });
  });
}

/** Reads what hosts tell. */

import type { Cidr } from '../../../clusterfile/network.ts';
import { SealerError } from '../../../error.ts';
import type { Disk, HostReport, Listener, Process, Route } from './report.ts';

/**
 * Reads the lines of the probe. What is malformed counts as not told; a host says whatever it likes, and only the end has
 * to be there.
 * @param label of the host, for the error
 * @throws SealerError COMMAND_FAILED if the answer has no end
 */
export function parseReport(text: string, label: string): HostReport {
  const told = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value = ''] = /^([a-z][a-z0-9-]*)=(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    const values = told.get(key);
    if (values === undefined) told.set(key, [value]);
    else values.push(value);
  }
  const all = (key: string): readonly string[] => (told.get(key) ?? []).filter((value) => value.trim() !== '');
  const one = (key: string): string | undefined => all(key)[0]?.trim();
  if (one('end') !== 'ok') {
    throw new SealerError('COMMAND_FAILED', `${label} broke off while it told about itself`, {
      hint: 'Run the check again; the log of the host has what it said.',
    });
  }
  return {
    system: one('system') ?? '',
    isContainer: one('container') === 'yes',
    isOurs: one('ours') === 'yes',
    hasRootfs: one('rootfs') === 'yes',
    otherClusters: all('cluster'),
    controllers: new Set(all('controller')),
    disks: all('disk').flatMap(parseDisk),
    listeners: parseListeners(all('port'), all('socket')),
    processes: all('process').flatMap(parseProcess),
    units: all('unit'),
    leftovers: all('leftover'),
    swaps: all('swap').flatMap(parseSwap),
    modules: new Set(all('module')),
    knowsModules: one('modules') === 'known',
    canForward: one('forwarding') === 'yes',
    tools: new Set(all('tool')),
    iptables: /v(\d+\.\d+\.\d+)/.exec(one('iptables') ?? '')?.[1],
    isSelinuxEnforcing: one('selinux') === 'enforcing',
    firewalls: all('firewall'),
    proxies: all('proxy'),
    nameservers: all('nameserver'),
    hasLocalhost: one('localhost') === 'yes',
    inotify: parseInotify(one('inotify') ?? ''),
    isShared: one('propagation') === 'shared',
    hasCloudSetup: one('cloud-setup') === 'yes',
    productUuid: parseUuid(one('product') ?? ''),
    macs: all('mac').filter((mac) => /^[\da-f]{2}(?::[\da-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00'),
    routes: [...all('route').flatMap(parseRoute4), ...all('route6').flatMap(parseRoute6)],
  };
}

/** Folder, line of `df -Pk`, line of /proc/self/mounts. */
function parseDisk(value: string): Disk[] {
  const [folder = '', df = '', mounts = ''] = value.split('\t');
  // Devices may have blanks in their names, and so may mount points; the numbers stand between.
  const [, total, free, mount] = /^.*?\s(\d+)\s+\d+\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(df) ?? [];
  if (total === undefined || mount === undefined) return [];
  const [, , type = '', options = ''] = mounts.split(' ');
  return [
    {
      folder,
      total: Number(total) * 1024,
      free: Math.max(0, Number(free)) * 1024,
      mount,
      type,
      options: options.split(','),
    },
  ];
}

/** `192B 12345` and `12345 678 nginx`, by the number of the socket; the same port of both families counts once. */
function parseListeners(ports: readonly string[], sockets: readonly string[]): Listener[] {
  const owners = new Map<string, Process>();
  for (const line of sockets) {
    const [, inode = '', process = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
    for (const owner of parseProcess(process)) owners.set(inode, owner);
  }
  const listeners = new Map<number, Listener>();
  for (const line of ports) {
    const [, hex, inode = ''] = /^([\dA-F]{4}) (\d+)$/.exec(line) ?? [];
    if (hex === undefined) continue;
    const port = Number.parseInt(hex, 16);
    listeners.set(port, { port, owner: owners.get(inode) ?? listeners.get(port)?.owner });
  }
  return [...listeners.values()];
}

function parseProcess(value: string): Process[] {
  const [, pid, name] = /^(\d{1,10}) ([\w./:-]{1,64})/.exec(value) ?? [];
  return pid === undefined || name === undefined ? [] : [{ pid: Number(pid), name }];
}

/** KiB and device. */
function parseSwap(value: string): { device: string; bytes: number }[] {
  const [, size, device] = /^(\d+) (\S+)$/.exec(value) ?? [];
  return size === undefined || device === undefined ? [] : [{ device, bytes: Number(size) * 1024 }];
}

function parseInotify(value: string): HostReport['inotify'] {
  const [, instances, watches] = /^(\d+) (\d+)$/.exec(value) ?? [];
  return instances === undefined ? undefined : { instances: Number(instances), watches: Number(watches) };
}

/** Some makers leave zeros, some write the same into all of their machines. */
function parseUuid(value: string): string | undefined {
  const uuid = value.toLowerCase();
  const isUuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(uuid);
  return isUuid && !/^[0-]+$|^[f-]+$|^03000200-0400-0500-0006-000700080009$/.test(uuid) ? uuid : undefined;
}

/** /proc/net/route: bytes of address and mask in reverse (little-endian machines, which all of Kubernetes' but s390x are). */
function parseRoute4(value: string): Route[] {
  const [, to, mask, device] = /^([\dA-F]{8}) ([\dA-F]{8}) (\S+)$/.exec(value) ?? [];
  if (to === undefined || mask === undefined || device === undefined) return [];
  const prefix = [...BigInt(`0x${mask}`).toString(2)].filter((bit) => bit === '1').length;
  const bytes = to.match(/../g)?.reverse().join('') ?? '0';
  return [{ to: cidr(4, BigInt(`0x${bytes}`), prefix), device }];
}

/** /proc/net/ipv6_route. */
function parseRoute6(value: string): Route[] {
  const [, to, prefix, device] = /^([\da-f]{32}) ([\da-f]{2}) (\S+)$/.exec(value) ?? [];
  if (to === undefined || prefix === undefined || device === undefined) return [];
  return [{ to: cidr(6, BigInt(`0x${to}`), Math.min(128, Number.parseInt(prefix, 16))), device }];
}

function cidr(family: 4 | 6, address: bigint, prefix: number): Cidr {
  const free = BigInt((family === 4 ? 32 : 128) - prefix);
  return { family, base: (address >> free) << free, prefix };
}

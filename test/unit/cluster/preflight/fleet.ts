/** Hosts for checks: what good ones tell, and what is changed in it. */

import type { Inspected, Wanted } from '../../../../src/cluster/preflight/inspected.ts';
import { circumstancesOf } from '../../../../src/cluster/preflight/needs/circumstances.ts';
import { parseReport } from '../../../../src/cluster/preflight/probe/parse-report.ts';
import { type Clusterfile, clusterfileFromFlags } from '../../../../src/clusterfile/index.ts';
import { parseDigest } from '../../../../src/oci/digest.ts';
import type { RuntimeName } from '../../../../src/runtime/runtime.ts';

/** What a host of the lab (Debian 12, systemd) told, made a machine with disks and a default route. */
export const GOOD = `system=Linux
controller=cpuset
controller=cpu
controller=io
controller=memory
controller=pids
disk=/var/lib/sealer\t/dev/vda1         264212084 38201120 157300144      20% /\t/dev/vda1 / ext4 rw,relatime,discard 0 0
disk=/var/lib/containerd\t/dev/vda1         264212084 38201120 157300144      20% /\t/dev/vda1 / ext4 rw,relatime,discard 0 0
disk=/tmp\ttmpfs         2000000 0 2000000      0% /tmp\ttmpfs /tmp tmpfs rw,nosuid,nodev 0 0
modules=known
module=overlay
module=br_netfilter
forwarding=yes
tool=tar
tool=gzip
tool=sha256sum
tool=awk
tool=mount
tool=umount
tool=modprobe
tool=ip
tool=iptables
tool=nsenter
tool=ethtool
tool=tc
tool=conntrack
tool=socat
tool=curl
iptables=iptables v1.8.9 (nf_tables)
nameserver=10.0.0.1
localhost=yes
inotify=8192 1048576
propagation=shared
product=UUID
mac=MAC
route=00000000 00000000 eth0
route=0000000A 00FFFFFF eth0
route6=fe800000000000000000000000000000 40 eth0
end=ok
`;

export interface Change {
  readonly role?: 'master' | 'node';
  readonly isMember?: boolean;
  readonly isRegistry?: boolean;
  readonly address?: string;
  readonly facts?: Partial<Inspected['facts']>;
  /** What the host tells instead of a line of `GOOD` (or a piece of one); '' takes it out. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Lines that it tells as well. */
  readonly tells?: readonly string[];
}

/** The `n`th host, a good one but for the changes. */
export function host(n: number, change: Change = {}): Inspected {
  const address = change.address ?? `10.0.${n >> 8}.${n & 255}`;
  const hex = n.toString(16).padStart(4, '0');
  const unique = GOOD.replace('UUID', `4c4c4544-0000-1000-8000-00000000${hex}`).replace(
    'MAC',
    `52:54:00:00:${hex.slice(0, 2)}:${hex.slice(2)}`,
  );
  const text = Object.entries(change.instead ?? {}).reduce((told, [from, to]) => told.replaceAll(from, to), unique);
  return {
    ...{ address, label: address, role: change.role ?? 'node' },
    ...{ isMember: change.isMember ?? false, isRegistry: change.isRegistry ?? false },
    report: parseReport(`${(change.tells ?? []).join('\n')}\n${text}`, address),
    facts: {
      ...{ hostname: `host-${n}`, machineId: `machine-${n}`, kernel: '6.1.0-18-amd64', arch: 'amd64' },
      os: { id: 'debian', version: '12', name: 'Debian 12' },
      ...{ cpus: 4, memory: 8 * 2 ** 30, init: 'systemd', cgroupVersion: 2, addresses: [address], clockSkewMs: 0 },
      user: 'root',
      ...change.facts,
    },
  };
}

export interface WantedChange {
  readonly runtime?: RuntimeName;
  readonly kubeVersion?: string;
  readonly clusterfile?: Partial<Clusterfile>;
  readonly imageConfig?: Readonly<Record<string, unknown>>;
  readonly imageEnv?: Readonly<Record<string, string>>;
  /** Bytes of the rootfs' layer, and of the images. */
  readonly sizes?: readonly [number, number];
}

/** A kubeadm cluster of an image of 300 MB, unless changed. */
export function wanted(change: WantedChange = {}): Wanted {
  const { runtime = 'kubeadm', kubeVersion = 'v1.30.2', sizes = [200e6, 100e6] } = change;
  const base = clusterfileFromFlags({ image: 'shop:v1', masters: '10.0.0.1', nodes: '10.0.0.2' });
  const clusterfile = { ...base, ...change.clusterfile };
  const digest = parseDigest(`sha256:${'b'.repeat(64)}`);
  return {
    clusterfile,
    image: {
      ...{ name: 'shop:v1', arch: 'amd64', runtime, kubeVersion, size: sizes[0] + sizes[1] },
      manifest: {
        schemaVersion: 2,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 },
        layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: sizes[0] }],
      },
    },
    circumstances: circumstancesOf(
      clusterfile,
      runtime,
      change.imageEnv ?? {},
      change.imageConfig === undefined ? [] : [change.imageConfig],
    ),
  };
}

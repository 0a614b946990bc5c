/**
 * What runs in the container before Kubernetes does. The container has to run before its network exists on this machine
 * (podman makes the bridge only then) and so before our registry can listen there; therefore it waits for its files.
 */

/** Put last: it says that all files are there. */
export const GO_FILE = '/sealer/go';
export const SCRIPT_FILE = '/sealer/start';

/**
 * The container's entrypoint.
 * @param command what is to run in the end: the image's own entrypoint and the arguments for it
 */
export function waitingEntrypoint(command: readonly string[]): readonly string[] {
  const wait = `until [ -e ${GO_FILE} ]; do sleep 0.05 2>/dev/null || sleep 1; done; exec /bin/sh ${SCRIPT_FILE} "$@"`;
  return ['/bin/sh', '-c', wait, 'sealer', ...command];
}

export interface ScriptSettings {
  /** Name servers for the node and its pods; none = what the engine gave it. */
  readonly nameservers: readonly string[];
  /** Where to cut off the node from everything but the registry. */
  readonly isolation?: {
    /** Our registry's address. */
    readonly host: string;
    readonly port: number;
    /** An address in the node's network that nobody has. */
    readonly unused: string;
  };
}

/** The script: mends what a container lacks of a machine (as k3d and kind do it), then becomes Kubernetes. */
export function startScript({ nameservers, isolation }: ScriptSettings): string {
  return [
    ...MACHINE,
    ...(nameservers.length === 0 ? [] : [resolvConf(nameservers)]),
    ...(isolation === undefined ? [] : isolate(isolation)),
    'exec "$@"',
    '',
  ].join('\n');
}

const MACHINE = [
  '# Mounts of pods have to be seen by the kubelet, and the other way round.',
  'mount --make-rshared / || true',
  '[ -e /dev/kmsg ] || mknod /dev/kmsg c 1 11 || true',
  '# cgroup v2: controllers can only be given on by a group without processes of its own.',
  'if [ -f /sys/fs/cgroup/cgroup.controllers ]; then',
  '  mkdir -p /sys/fs/cgroup/init',
  '  while read -r pid; do echo "$pid" > /sys/fs/cgroup/init/cgroup.procs; done 2>/dev/null < /sys/fs/cgroup/cgroup.procs',
  '  for each in $(cat /sys/fs/cgroup/cgroup.controllers); do',
  '    echo "+$each" > /sys/fs/cgroup/cgroup.subtree_control || true',
  '  done',
  'fi',
];

function resolvConf(nameservers: readonly string[]): string {
  const lines = nameservers.map((each) => `nameserver ${each}\\n`).join('');
  return `printf '${lines}' > /etc/resolv.conf`;
}

/**
 * No way out: the network is internal, but Kubernetes and its network plugins insist on a default route (K3SDOC
 * `installation/airgap`), so it leads to an address that nobody has. The rules refuse at once what would wait for an
 * answer in vain, and keep the other services of this machine out of reach; they are what is left if somebody in the
 * cluster changes routes.
 */
function isolate({ host, port, unused }: NonNullable<ScriptSettings['isolation']>): readonly string[] {
  return [
    'ip route del default 2>/dev/null',
    `ip route add default via ${unused} dev eth0 || echo "sealer: no default route"`,
    'if ! command -v iptables >/dev/null; then echo "sealer: no packet filter"; else for chain in OUTPUT FORWARD; do',
    `  iptables -I $chain -o eth0 -j REJECT --reject-with icmp-net-unreachable || iptables -I $chain -o eth0 -j DROP`,
    '  iptables -I $chain -o eth0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    `  iptables -I $chain -o eth0 -d ${host} -p tcp --dport ${port} -j ACCEPT`,
    'done; fi',
  ];
}

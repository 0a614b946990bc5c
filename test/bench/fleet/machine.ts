/** What a simulated host answers to the commands of a run that changes nothing: a member of a cluster of k0s. */

/** What all of the hosts have in common; plain data, because they live in another process. */
export interface FleetPlan {
  readonly masters: readonly string[];
  readonly nodes: readonly string[];
  readonly version: string;
  /** The cluster's folder. */
  readonly home: string;
  /** Texts of files, by address and path. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What a command prints, and how it ends. `lasts`: with its input. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly lasts?: boolean;
}

const ABSENT = 44;

/** Container images that a kubelet lists for its node; it tells 50 at most, by their tags and digests. */
const KUBELET_IMAGES = 25;

/** Answers for a host; undefined for a command that no such run has. */
export function answer(plan: FleetPlan, address: string, argv: readonly string[]): Answer | undefined {
  const [program = '', second = '', third = '', name = '', ...values] = argv;
  if (program === 'sh' && second === '-c') return answerProgram(plan, address, { text: third, name, values });
  if (program === 'rm' || program === 'mkdir') return done('');
  if (program === 'systemctl' && second === 'is-active') return done('active\n');
  if (program.endsWith('/k0s')) return answerK0s(plan, argv.slice(1));
  return undefined;
}

function answerProgram(
  plan: FleetPlan,
  address: string,
  { text, name, values }: { readonly text: string; readonly name: string; readonly values: readonly string[] },
): Answer | undefined {
  const [first = ''] = values;
  switch (name) {
    case 'sealer-facts':
      return done(facts(plan, address));
    case 'sealer-read': {
      const content = plan.files[address]?.[first];
      return content === undefined ? { code: ABSENT, stdout: '' } : done(content);
    }
    case 'sealer-probe':
      return done(probe(address, values.slice(3)));
    default:
  }
  if (text.includes('flock -n 9')) return { code: 0, stdout: 'locked\n', lasts: true };
  if (text.includes('"$k0s" status')) return done(status(plan, address));
  if (text.includes('exec "$@" >"$file"')) return done('');
  return undefined;
}

function answerK0s(plan: FleetPlan, argv: readonly string[]): Answer | undefined {
  const line = argv.join(' ');
  if (line === 'etcd member-list') {
    const members = plan.masters.map((address) => [nameOf(plan, address), `https://${address}:2380`]);
    return done(`${JSON.stringify({ members: Object.fromEntries(members) })}\n`);
  }
  if (line === 'kubectl get --raw=/readyz') return done('ok');
  if (line === 'kubectl get nodes -o json') {
    return done(
      JSON.stringify({ kind: 'List', items: plan.nodes.map((address) => node(plan, address)) }, undefined, 4),
    );
  }
  const [, limit, from = '0'] =
    /^kubectl get --raw \/api\/v1\/nodes\?limit=(\d+)(?:&continue=(\d+))?$/.exec(line) ?? [];
  if (limit === undefined) return undefined;
  const end = Number(from) + Number(limit);
  const items = plan.nodes.slice(Number(from), end).map((address) => node(plan, address));
  const metadata = end < plan.nodes.length ? { continue: String(end) } : {};
  return done(JSON.stringify({ kind: 'NodeList', metadata, items }));
}

function done(stdout: string): Answer {
  return { code: 0, stdout };
}

function isMaster(plan: FleetPlan, address: string): boolean {
  return plan.masters.includes(address);
}

function nameOf(plan: FleetPlan, address: string): string {
  return `${isMaster(plan, address) ? 'master' : 'node'}-${address.replaceAll('.', '-')}`;
}

function facts(plan: FleetPlan, address: string): string {
  const id = Buffer.from(address.padEnd(16)).toString('hex').slice(0, 32);
  return `time ${(Date.now() / 1000).toFixed(9)}
hostname ${nameOf(plan, address)}
kernel 5.15.0-100-generic
machine x86_64
machine-id ${id}
os-PRETTY_NAME "Debian GNU/Linux 12 (bookworm)"
os-VERSION_ID "12"
os-ID debian
cpus 4
memory 8148668
init systemd
cgroup 2
address eth0 ${address.replace(/^127/, '10')}
`;
}

function status(plan: FleetPlan, address: string): string {
  const role = isMaster(plan, address) ? 'controller' : 'worker';
  return `service=k0s${role}
data=yes
version=${plan.version}
status=
${JSON.stringify({ Version: plan.version, Pid: 1000, Role: role, SysInit: 'linux-systemd' })}
`;
}

function probe(address: string, folders: readonly string[]): string {
  const disks = folders.map(
    (folder) => `disk=${folder}\t/dev/vda1 206292968 20629296 185663672 10% /\t/dev/vda1 / ext4 rw 0 0`,
  );
  const tools = ['tar', 'gzip', 'sha256sum', 'mount', 'modprobe', 'ip', 'iptables', 'curl', 'bash'];
  return [
    'system=Linux',
    'ours=yes',
    'rootfs=yes',
    ...disks,
    'modules=known',
    'module=overlay',
    'module=br_netfilter',
    'forwarding=yes',
    ...tools.map((tool) => `tool=${tool}`),
    'localhost=yes',
    'propagation=shared',
    `mac=02:00:${address
      .split('.')
      .map((byte) => Number(byte).toString(16).padStart(2, '0'))
      .join(':')}`,
    'route=00000000 00000000 eth0',
    'end=ok\n',
  ].join('\n');
}

/** As large as the API tells it of a node that has been at work for a while: 10 kB. */
function node(plan: FleetPlan, address: string): unknown {
  const name = nameOf(plan, address);
  const images = Array.from({ length: KUBELET_IMAGES }, (_, i) => ({
    names: [
      `registry.example.com/shop/service-${i}@sha256:${String(i).padStart(64, 'a')}`,
      `registry.example.com/shop/service-${i}:v1.${i}`,
    ],
    sizeBytes: 50_000_000 + i,
  }));
  const condition = (type: string, value: string) => ({
    type,
    status: value,
    lastHeartbeatTime: '2025-01-01T00:00:00Z',
    lastTransitionTime: '2025-01-01T00:00:00Z',
    reason: `Kubelet${type}`,
    message: `kubelet says ${type} is ${value}`,
  });
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `00000000-0000-4000-8000-${Buffer.from(address.padEnd(12)).toString('hex').slice(0, 12)}`,
      resourceVersion: '123456',
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
      },
    },
    spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        condition('MemoryPressure', 'False'),
        condition('DiskPressure', 'False'),
        condition('PIDPressure', 'False'),
        condition('Ready', 'True'),
      ],
      images,
      nodeInfo: { kubeletVersion: plan.version.replace(/\.\d+$/, ''), architecture: 'amd64', operatingSystem: 'linux' },
    },
  };
}

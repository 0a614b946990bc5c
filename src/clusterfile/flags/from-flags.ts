/** A Clusterfile from the command line alone, and one with the command line over it. */

import { SealerError } from '../../error.ts';
import { parseHostList } from '../addresses/hosts.ts';
import type { Clusterfile, ClusterSpec, Env, HostSpec, SshSpec } from '../desired.ts';
import { DEFAULT_DATA_ROOT, DEFAULT_NAME } from '../documents/cluster.ts';
import { sortRoles } from '../documents/hosts.ts';
import { defaultHa } from '../documents/registry.ts';
import { completeSsh, layer, type SshPart } from '../documents/ssh.ts';
import { RESERVED_NAMES } from '../reserved-env.ts';
import { CLUSTER, METADATA } from '../schema/cluster-fields.ts';
import type { ClusterfileFlags } from './flags.ts';

/**
 * A Clusterfile of flags and defaults.
 * @throws SealerError USAGE: a flag is malformed
 */
export function clusterfileFromFlags(flags: ClusterfileFlags): Clusterfile {
  const registry = { kind: 'local', domain: 'sea.hub', port: 5000, ha: false, insecure: false, sans: [] } as const;
  const cluster: ClusterSpec = {
    name: DEFAULT_NAME,
    image: '',
    env: {},
    hosts: [],
    registry,
    hostAliases: [],
    dataRoot: DEFAULT_DATA_ROOT,
  };
  return mergeFlags({ cluster, configs: [], plugins: [], kubeadm: {} }, flags);
}

/**
 * Flags over a Clusterfile: `masters` and `nodes` become the hosts of their role (a host that stays keeps what is said of
 * it), ssh flags count for every host, variables are set beside those that are there.
 * @throws SealerError USAGE: a flag is malformed
 */
export function mergeFlags(clusterfile: Clusterfile, flags: ClusterfileFlags): Clusterfile {
  const { cluster } = clusterfile;
  let hosts: readonly HostSpec[] = cluster.hosts.map((host) => ({ ...host, ssh: overSsh(host.ssh, sshOf(flags)) }));
  const fresh = overSsh(hosts[0]?.ssh, sshOf(flags));
  if (flags.masters !== undefined) hosts = replaceRole(hosts, 'master', listed(flags.masters, '--masters'), fresh);
  if (flags.nodes !== undefined) hosts = replaceRole(hosts, 'node', listed(flags.nodes, '--nodes'), fresh);
  return withHosts(
    {
      ...clusterfile,
      cluster: {
        ...cluster,
        image: flags.image ?? cluster.image,
        name: checked(flags.name, METADATA.name, '--name') ?? cluster.name,
        dataRoot: checked(flags.dataRoot, CLUSTER.dataRoot, '--data-root')?.replace(/\/+$/, '') ?? cluster.dataRoot,
        env: { ...cluster.env, ...envOf(flags.env ?? []) },
        ...(flags.cmd?.length && { cmd: flags.cmd }),
        ...(flags.apps?.length && { appNames: flags.apps }),
      },
    },
    hosts,
  );
}

/**
 * More hosts, for scaling up; those that are there get the role besides. New ones are reached like the first host, with
 * ssh flags over that.
 * @throws SealerError USAGE: a flag is malformed
 */
export function addHosts(clusterfile: Clusterfile, flags: ClusterfileFlags): Clusterfile {
  const { hosts } = clusterfile.cluster;
  const fresh = overSsh(hosts[0]?.ssh, sshOf(flags));
  const masters = addRole(hosts, 'master', listed(flags.masters ?? [], '--masters'), fresh);
  return withHosts(clusterfile, addRole(masters, 'node', listed(flags.nodes ?? [], '--nodes'), fresh));
}

/** The Clusterfile without these hosts, given by their canonical addresses (`canonicalAddress`). */
export function removeHosts(clusterfile: Clusterfile, addresses: readonly string[]): Clusterfile {
  const leaving = new Set(addresses);
  return withHosts(
    clusterfile,
    clusterfile.cluster.hosts.filter(({ address }) => !leaving.has(address)),
  );
}

/** The default of `registry.ha` depends on how many masters there are. */
function withHosts(clusterfile: Clusterfile, hosts: readonly HostSpec[]): Clusterfile {
  const { cluster } = clusterfile;
  const { registry } = cluster;
  const isDefault = registry.kind === 'local' && registry.ha === defaultHa(cluster.hosts);
  const next = isDefault ? { ...registry, ha: defaultHa(hosts) } : registry;
  return { ...clusterfile, cluster: { ...cluster, hosts, registry: next } };
}

interface Listed {
  readonly address: string;
  readonly ssh: SshPart;
}

function listed(value: string | readonly string[], flag: string): readonly Listed[] {
  const text = typeof value === 'string' ? value : value.join(',');
  if (text === '') return [];
  const { hosts, mistakes } = parseHostList(text);
  const [first] = mistakes;
  if (first !== undefined) {
    const message = mistakes.map((mistake) => mistake.message).join('; ');
    throw new SealerError('USAGE', `${flag}: ${message}`, { hint: first.hint });
  }
  return hosts.map(({ address, user, port }) => ({ address, ssh: { user, port } }));
}

function replaceRole(
  hosts: readonly HostSpec[],
  role: 'master' | 'node',
  wanted: readonly Listed[],
  fresh: SshSpec,
): readonly HostSpec[] {
  const staying = new Set(wanted.map(({ address }) => address));
  const kept = hosts
    .map((host) => (staying.has(host.address) ? host : { ...host, roles: host.roles.filter((each) => each !== role) }))
    .filter(({ roles }) => roles.includes('master') || roles.includes('node'));
  return addRole(kept, role, wanted, fresh);
}

function addRole(
  hosts: readonly HostSpec[],
  role: 'master' | 'node',
  wanted: readonly Listed[],
  fresh: SshSpec,
): readonly HostSpec[] {
  const all = new Map(hosts.map((host) => [host.address, host]));
  for (const { address, ssh } of wanted) {
    const host = all.get(address) ?? { address, roles: [], ssh: fresh, env: {}, labels: {}, taints: [] };
    all.set(address, { ...host, roles: sortRoles([...host.roles, role]), ssh: overSsh(host.ssh, ssh) });
  }
  return [...all.values()];
}

function sshOf(flags: ClusterfileFlags): SshPart {
  const { user, port, password, key, passphrase, sudoPassword, sshJump } = flags;
  return { user, port, password, privateKey: key, passphrase, sudoPassword, jump: sshJump };
}

/** A sudo password that was only the password by default follows it. */
function overSsh(under: SshSpec | undefined, over: SshPart): SshSpec {
  const { sudoPassword, ...rest }: SshPart = under ?? {};
  const isDefault = sudoPassword === undefined || sudoPassword === rest.password;
  return completeSsh(layer(over, isDefault ? rest : { ...rest, sudoPassword }));
}

function envOf(pairs: readonly string[]): Env {
  const env = new Map<string, string>();
  for (const pair of pairs) {
    const [, name = '', value = ''] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(pair) ?? [];
    // The value may be a secret: what comes before it is enough.
    if (name === '') throw new SealerError('USAGE', `--env ${pair.split('=')[0]}: this is not NAME=value`);
    if (RESERVED_NAMES.includes(name)) {
      throw new SealerError('USAGE', `--env ${name}: it is computed by sealer and cannot be set`);
    }
    const before = env.get(name);
    env.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(env);
}

function checked(
  value: string | undefined,
  field: (typeof CLUSTER)[string] | undefined,
  flag: string,
): string | undefined {
  if (value === undefined || field?.type !== 'text' || field.pattern === undefined) return value;
  if (field.pattern.test(value)) return value;
  throw new SealerError('USAGE', `${flag} is ${JSON.stringify(value)}`, { hint: `It is ${field.form}.` });
}

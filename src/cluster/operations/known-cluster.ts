/** A cluster that is there, found by one of its masters: what it remembers, its hosts and its runtime. */

import {
  type Clusterfile,
  type HostSpec,
  parseClusterfile,
  type RegistrySpec,
  type SshSpec,
} from '../../clusterfile/index.ts';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { DRIVERS } from '../../runtime/drivers.ts';
import type { RegistryAccess, Runtime } from '../../runtime/runtime.ts';
import { rootfsFolder } from '../distribution/index.ts';
import { Fleet } from '../fleet/fleet.ts';
import { accessFor } from '../registry/index.ts';
import { readSavedState, type SavedState } from '../state/saved-state.ts';
import type { ClusterWorld } from '../world.ts';

export interface ClusterTarget {
  /** Hosts that may be masters, how they are reached included; one has to be one. */
  readonly hosts: readonly HostSpec[];
  /** Undefined: the only cluster that there is on the host. */
  readonly name: string | undefined;
  readonly dataRoot: string;
  /** How the other hosts are reached: over what the cluster remembers, which has no secrets. */
  readonly ssh: Partial<SshSpec>;
  /**
   * Where the secrets of the remembered Clusterfile come from, for it is to be applied. Undefined: it is only looked at, and
   * does without.
   */
  readonly secretsFrom?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface KnownCluster extends AsyncDisposable {
  readonly saved: SavedState;
  /** As the last apply had it, with secrets of this run. */
  readonly clusterfile: Clusterfile;
  readonly home: string;
  readonly fleet: Fleet;
  readonly masters: readonly Host[];
  readonly nodes: readonly Host[];
  /** Members no more, and not cleaned yet. */
  readonly leftovers: readonly Host[];
  readonly runtime: Runtime;
  /** The same runtime, whose hosts pull from another registry, or by other names. */
  readonly runtimeWith: (registry: RegistryAccess) => Runtime;
}

/**
 * Finds a cluster.
 * @throws SealerError CLUSTER_NOT_FOUND; what hosts throw
 */
export async function openKnownCluster(target: ClusterTarget, world: ClusterWorld): Promise<KnownCluster> {
  await using stack = new AsyncDisposableStack();
  const fleet = stack.use(new Fleet({ open: world.open, limit: world.parallel }));
  const seeds = target.hosts.map((spec) => fleet.add(spec));
  const unreachable = new Set(await fleet.reach(seeds));
  const reachable = seeds.filter(({ address }) => !unreachable.has(address));
  if (reachable.length === 0) throw fleet.unreachableError([...unreachable]);
  const name = target.name ?? (await onlyCluster(reachable, target.dataRoot));
  const home = `${target.dataRoot}/${name}`;
  const saved = await readSavedState(reachable, home);
  if (saved === undefined) {
    throw new SealerError(
      'CLUSTER_NOT_FOUND',
      `There is no cluster ${name} on ${reachable.map(({ label }) => label).join(', ')}`,
      {
        hint: 'Name one of its masters (--cluster-host), its name (--name), and its --data-root if it has one of its own.',
      },
    );
  }
  const clusterfile = reopen(saved, target);
  const specs = new Map(clusterfile.cluster.hosts.map((host) => [host.address, host]));
  const ssh = clusterfile.cluster.hosts[0]?.ssh ?? target.hosts[0]?.ssh;
  const hostsOf = (addresses: readonly string[]) =>
    addresses.flatMap((address) => {
      const spec = specs.get(address);
      if (spec !== undefined) return [fleet.add(spec)];
      return ssh === undefined ? [] : [fleet.add({ address, roles: [], ssh, env: {}, labels: {}, taints: [] })];
    });
  const masters = hostsOf(saved.masters.length > 0 ? saved.masters : mastersOf(clusterfile));
  const nodes = hostsOf(saved.nodes);
  const leftovers = hostsOf(saved.leftovers ?? []);
  const { registry } = clusterfile.cluster;
  const create = await DRIVERS[saved.runtime]();
  const context = {
    cluster: clusterfile,
    ...{ masters, nodes, home },
    image: {
      name: saved.image.name,
      digest: saved.image.digest,
      kubeVersion: saved.image.kubeVersion ?? '',
      rootfs: rootfsFolder(home, saved.image.digest),
      images: [],
      env: clusterfile.cluster.env,
    },
    registry: accessFor(registry, {
      registryHosts: saved.registryHosts,
      home,
      images: saved.appImages,
    }),
    report: world.report,
    signal: world.signal,
    now: world.now,
  };
  const runtime = create(context);
  const runtimeWith = (other: RegistryAccess) => create({ ...context, registry: other });
  const kept = stack.move();
  return {
    saved,
    clusterfile,
    home,
    fleet,
    masters,
    nodes,
    leftovers,
    runtime,
    runtimeWith,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The remembered Clusterfile with what only this run knows. */
function reopen(saved: SavedState, { ssh, secretsFrom }: ClusterTarget): Clusterfile {
  const { clusterfile, problems } = parseClusterfile(saved.clusterfile, `the Clusterfile of ${saved.name}`, {
    env: secretsFrom ?? {},
    allowMissing: secretsFrom === undefined,
  });
  if (clusterfile === undefined) {
    throw new SealerError('CLUSTERFILE_INVALID', `What the cluster ${saved.name} remembers cannot be read`, {
      problems,
    });
  }
  const hosts = clusterfile.cluster.hosts.map((host) => ({ ...host, ssh: { ...host.ssh, ...ssh } }));
  const registry = secretsFrom === undefined ? clusterfile.cluster.registry : withPassword(clusterfile, secretsFrom);
  return { ...clusterfile, cluster: { ...clusterfile.cluster, hosts, registry } };
}

/** @throws SealerError ENV_MISSING: without it, a change would leave the registry open */
function withPassword(
  { cluster: { registry, name } }: Clusterfile,
  env: Readonly<Record<string, string | undefined>>,
): RegistrySpec {
  if (registry.username === undefined || registry.password !== undefined) return registry;
  const password = env.SEALER_REGISTRY_PASSWORD ?? '';
  if (password !== '') return { ...registry, password };
  throw new SealerError('ENV_MISSING', `The registry of ${name} has a password, which is stored nowhere`, {
    hint: 'Set SEALER_REGISTRY_PASSWORD, or give the Clusterfile (-f).',
  });
}

function mastersOf({ cluster }: Clusterfile): readonly string[] {
  return cluster.hosts.filter(({ roles }) => roles.includes('master')).map(({ address }) => address);
}

/** @throws SealerError CLUSTER_NOT_FOUND where there are none, or several */
async function onlyCluster(hosts: readonly Host[], dataRoot: string): Promise<string> {
  const list =
    'cd "$1" 2>/dev/null || exit 0; for state in */state.json; do [ -f "$state" ] && echo "${state%/*}"; done; true';
  const outputs = await Promise.all(hosts.map((host) => host.exec({ argv: ['sh', '-c', list, 'sealer', dataRoot] })));
  const names = [...new Set(outputs.flatMap(({ stdout }) => stdout.split('\n').filter((name) => name !== '')))];
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  const where = hosts.map(({ label }) => label).join(', ');
  throw new SealerError(
    'CLUSTER_NOT_FOUND',
    only === undefined
      ? `There is no cluster on ${where}`
      : `There are several clusters on ${where}: ${names.join(', ')}`,
    { hint: only === undefined ? 'Name a master of it: --cluster-host.' : 'Say which: --name.' },
  );
}

/** Situations for plans: what is wanted and what is there, in a few words. */

import type { RunnableImage } from '../../../../src/cluster/image/runnable-image.ts';
import type { Current, CurrentHost, Desired, DesiredHost } from '../../../../src/cluster/plan/situation.ts';
import type { SavedState } from '../../../../src/cluster/state/saved-state.ts';
import { clusterfileFromFlags } from '../../../../src/clusterfile/index.ts';
import { parseDigest } from '../../../../src/oci/digest.ts';
import type { HostState } from '../../../../src/runtime/runtime.ts';

interface Wanted {
  readonly masters: readonly string[];
  readonly nodes?: readonly string[];
  readonly kubeVersion?: string;
  /** One hex digit, repeated. */
  readonly digest?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly string[];
  readonly plugins?: Desired['plugins'];
  readonly settings?: string;
  readonly isRollback?: boolean;
}

/** A cluster with an app, all hosts alike. */
export function desired({
  masters,
  nodes = [],
  labels = {},
  taints = [],
  plugins = [],
  settings = 'settings',
  isRollback = false,
  ...of
}: Wanted): Desired {
  const image = imageOf(of);
  const host: DesiredHost = {
    ...{ overlay: 'none', names: 'names', mirrors: 'mirrors', registry: 'registry', labels, taints, taintsOff: [] },
    prepared: `prepared ${image.digest}`,
  };
  return {
    clusterfile: clusterfileFromFlags({ image: image.name, masters: masters.join(','), nodes: nodes.join(',') }),
    image,
    masters,
    nodes,
    hosts: new Map([...masters, ...nodes].map((address) => [address, host])),
    registryHosts: masters.slice(0, 1),
    settings,
    sans: [],
    launches: [{ name: 'shop', digest: 'shop' }],
    plugins,
    env: {},
    hostEnv: () => ({}),
    waits: true,
    isRollback,
  };
}

interface There {
  readonly saved?: Desired;
  readonly hosts: Readonly<Record<string, CurrentHost>>;
  /** Of every node. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Names. */
  readonly etcdMembers?: readonly string[];
}

/** What is there; `saved`: what the last run wanted, and reached. */
export function current({ saved, hosts, labels = {}, etcdMembers = [] }: There): Current {
  const members = Object.entries(hosts).filter(([, { state }]) => state.member === 'master' || state.member === 'node');
  const hasMaster = members.some(([, { state }]) => state.member === 'master');
  return {
    saved: saved && savedOf(saved),
    hosts: new Map(Object.entries(hosts)),
    metadata: hasMaster
      ? {
          version: members[0]?.[1].state.version ?? '',
          nodes: members.map(([address, { state }]) => ({
            ...{ name: `node-${address}`, address, isReady: true, isSchedulable: true, labels, taints: [] },
            role: state.member === 'master' ? ('master' as const) : ('node' as const),
            version: state.version ?? '',
          })),
          ...{ sans: {}, etcdMembers },
        }
      : undefined,
  };
}

/** A host that has been given nothing. */
export function at(member: HostState['member']): CurrentHost {
  return { record: {}, state: { member, ...(member === 'absent' ? {} : { version: 'v1.20.2' }) } };
}

/** A host that has been given all of it. */
export function member({ hosts, image }: Desired, address: string, role: 'master' | 'node'): CurrentHost {
  const { labels: _labels, taints: _taints, taintsOff: _off, ...record } = hosts.get(address) ?? fail(address);
  return {
    record: { ...record, rootfs: image.digest, images: image.digest },
    state: { member: role, version: image.kubeVersion },
  };
}

function savedOf({ clusterfile, image, masters, nodes, registryHosts, launches, settings }: Desired): SavedState {
  const launched = Object.fromEntries(launches.map(({ name, digest }) => [name, digest]));
  return {
    ...{ version: 1, serial: 1, runtime: 'kubeadm', image, clusterfile: '', masters, nodes, registryHosts, launched },
    ...{ name: clusterfile.cluster.name, settings, apps: {}, appImages: [], sans: [], nodeSettings: {} },
  };
}

function imageOf({ kubeVersion = 'v1.20.2', digest = 'a' }: Pick<Wanted, 'kubeVersion' | 'digest'>): RunnableImage {
  const layers = {
    schemaVersion: 2,
    mediaType: '',
    config: { mediaType: '', digest: parseDigest(`sha256:${digest.repeat(64)}`), size: 1 },
    layers: [],
  } as const;
  return {
    ...{
      name: 'shop:v1',
      digest: parseDigest(`sha256:${digest.repeat(64)}`),
      arch: 'amd64',
      runtime: 'kubeadm',
      kubeVersion,
    },
    ...{ images: [], size: 1000 },
    manifest: layers,
    extension: {
      buildClient: { sealerVersion: '', buildahVersion: '' },
      ...{ schemaVersion: 'v1alpha1', type: 'kube-installer', applications: [], labels: {}, env: {} },
      launch: { cmds: [], app_names: [] },
    },
  };
}

function fail(address: string): never {
  throw new Error(`nothing is wanted of ${address}`);
}

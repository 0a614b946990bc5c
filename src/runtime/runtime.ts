/**
 * The interface between a cluster and what runs it. Each driver is a folder and one line in `drivers.ts`; it differs from the
 * others in nothing outside its folder.
 *
 * Every method is idempotent: it looks at what is there first, and does only what is missing; so a broken run is run again.
 */

import type { Clusterfile } from '../clusterfile/desired.ts';
import type { Command, Host, Output } from '../hosts/host.ts';
import type { Report } from '../progress.ts';

export type RuntimeName = 'kubeadm' | 'k3s' | 'k0s';

export interface Runtime {
  readonly name: RuntimeName;
  /**
   * Programs, units, container runtime, mirrors, preloaded images: whatever a host needs before it can be a member. What
   * it writes outside the data root goes through the host's footprint, so that a reset can undo it. In parallel inside.
   */
  prepare(hosts: readonly Host[]): Promise<void>;
  /** Makes the first master a cluster. */
  init(): Promise<void>;
  /** One at a time inside; each is Ready before the next. */
  joinMasters(hosts: readonly Host[]): Promise<void>;
  /** In parallel inside, in batches; each is Ready in the end. */
  joinNodes(hosts: readonly Host[]): Promise<void>;
  /** One at a time inside. @throws SealerError QUORUM_AT_RISK; LAST_MASTER */
  deleteMasters(hosts: readonly Departing[]): Promise<void>;
  deleteNodes(hosts: readonly Departing[]): Promise<void>;
  /** To the version of `to`, whose rootfs is on all hosts already: masters first, one at a time; then nodes. */
  upgrade(to: RuntimeImage): Promise<void>;
  /** Undoes everything on these hosts, which are the whole cluster; nodes first, the first master last. */
  reset(hosts: readonly Departing[]): Promise<void>;
  /** The API server's certificate holds these names as well, on every master. */
  updateCert(sans: readonly string[]): Promise<void>;
  /** Writes what containers' registries are mirrored to, on members and hosts to be; restarts what has to be. */
  mirror(hosts: readonly Host[]): Promise<void>;
  getClusterMetadata(): Promise<Metadata>;
  /** What one host is, from what lies on it; works without a cluster. */
  observe(host: Host): Promise<HostState>;
  /** kubectl of the cluster on a master that works, as its administrator; `argv` without the program's name. */
  kubectl(
    argv: readonly string[],
    options?: Pick<Command, 'stdin' | 'signal' | 'timeoutMs' | 'allowFailure'>,
  ): Promise<Output>;
  /** The administrator's kubeconfig with the address of a master as its server. */
  kubeconfig(): Promise<string>;
  /** Takes a snapshot of etcd into a file on the first master and gives its path. */
  snapshot(): Promise<string>;
}

/** A member that is to go; `isUnreachable`: only the cluster is told. */
export interface Departing {
  readonly address: string;
  /** Undefined if it cannot be reached. */
  readonly host?: Host | undefined;
}

/** What a driver gets at its construction. */
export interface RuntimeContext {
  readonly cluster: Clusterfile;
  /** The masters that are members or are to be, in order; the first is the one that init makes a cluster of. */
  readonly masters: readonly Host[];
  readonly nodes: readonly Host[];
  readonly image: RuntimeImage;
  readonly registry: RegistryAccess;
  /** Folder on every host: `<dataRoot>/<cluster>`; pki/, layers/ and the like are below. */
  readonly home: string;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a driver has to know of a cluster image. */
export interface RuntimeImage {
  /** As the user named it. */
  readonly name: string;
  /** Of the manifest for the hosts' platform. */
  readonly digest: string;
  /** `v1.20.2`, `v1.33.4+k3s1`, `v1.33.4+k0s.0`. */
  readonly kubeVersion: string;
  /** Folder on every host with the unpacked rootfs. */
  readonly rootfs: string;
  /** Complete names of the bundled container images. */
  readonly images: readonly string[];
  /** The image's ENV with the Clusterfile's over it. */
  readonly env: Readonly<Record<string, string>>;
}

/** How members pull images. */
export interface RegistryAccess {
  /** In the order in which they are tried. */
  readonly endpoints: readonly RegistryEndpoint[];
  /** Path of the authority's PEM file on every host; undefined: the host's own, or plain http. */
  readonly caFile?: string | undefined;
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
  /** Registry hosts whose images are mirrored: `docker.io`, `registry.example.com:5000`. */
  readonly mirrored: readonly string[];
}

/**
 * One registry. An image `docker.io/library/nginx` lies there as `<path>docker.io/library/nginx`; hosts with a port are
 * kept as `host_port` (src/cluster-image/layers/registry-layout.ts).
 */
export interface RegistryEndpoint {
  /** `https` unless told otherwise. */
  readonly scheme: 'http' | 'https';
  /** `10.0.0.2:5000`. */
  readonly authority: string;
}

/** What one host is at the moment. */
export interface HostState {
  /** `absent`: nothing of this runtime runs or is set up here. `broken`: set up but not working, or half set up. */
  readonly member: 'absent' | 'master' | 'node' | 'broken';
  /** Of what is installed. */
  readonly version?: string | undefined;
  /** Why it counts as broken. */
  readonly reason?: string | undefined;
}

export interface Metadata {
  /** Of the API servers, the oldest. */
  readonly version: string;
  readonly nodes: readonly NodeState[];
  /** What the API server's certificate on each master is for, by address. */
  readonly sans: Readonly<Record<string, readonly string[]>>;
  readonly etcdMembers: readonly string[];
  readonly podCidr?: string | undefined;
  readonly serviceCidr?: string | undefined;
}

export interface NodeState {
  readonly name: string;
  /** InternalIP. */
  readonly address: string;
  readonly role: 'master' | 'node';
  readonly isReady: boolean;
  readonly isSchedulable: boolean;
  /** The kubelet's. */
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string | undefined; readonly effect: string }[];
}

export type CreateRuntime = (context: RuntimeContext) => Runtime;

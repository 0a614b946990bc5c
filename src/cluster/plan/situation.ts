/** What a plan compares: what is wanted, as digests per host, and what is there. */

import type { Clusterfile, Env, PluginSpec } from '../../clusterfile/desired.ts';
import type { HostState, Metadata } from '../../runtime/runtime.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import type { HostRecord } from '../state/host-record.ts';
import type { SavedState } from '../state/saved-state.ts';

/** What is wanted. */
export interface Desired {
  readonly clusterfile: Clusterfile;
  readonly image: RunnableImage;
  /** Addresses, the first one to be made a cluster first. */
  readonly masters: readonly string[];
  /** Addresses of those that are not masters. */
  readonly nodes: readonly string[];
  /** By address. */
  readonly hosts: ReadonlyMap<string, DesiredHost>;
  /** Where the cluster's registry is to be; none with an external one. */
  readonly registryHosts: readonly string[];
  /** Digest of the runtime's settings (KubeadmConfig, K3sConfig, k0s ClusterConfig), but for names in certificates. */
  readonly settings: string;
  /** Names that the API server's certificate is to hold beside those that it always has. */
  readonly sans: readonly string[];
  /** What is launched, in order. */
  readonly launches: readonly Launch[];
  /** The image's and the Clusterfile's, in the order in which they run. */
  readonly plugins: readonly PluginSpec[];
  /** What every launch command sees: the image's ENV, with the Clusterfile's and what is computed over it. */
  readonly env: Env;
  /** The same on one host. */
  readonly hostEnv: (address: string) => Env;
  /** Whether to wait for the workloads in the end. */
  readonly waits: boolean;
  /** Whether this goes back to an earlier image. */
  readonly isRollback: boolean;
  /** What a push into an external registry depends on; undefined with a local one. */
  readonly push?: string | undefined;
}

/** Digests of what one host is to be given; see HostRecord. */
export interface DesiredHost {
  readonly overlay: string;
  readonly names: string;
  readonly prepared: string;
  readonly mirrors: string;
  readonly registry: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As `kubectl taint` writes them. */
  readonly taints: readonly string[];
  /** Keys (and `key:Effect`) of taints to take off. */
  readonly taintsOff: readonly string[];
}

/** One app, or the image's own commands, to be launched. */
export interface Launch {
  /** The app's name; `commands` for CMDS and CMD. */
  readonly name: string;
  /** Of everything that it depends on. */
  readonly digest: string;
}

/** What is there. */
export interface Current {
  /** Undefined: no cluster yet. */
  readonly saved: SavedState | undefined;
  /** By address: every host that is wanted or was a member, and can be reached. */
  readonly hosts: ReadonlyMap<string, CurrentHost>;
  /** Undefined while there is no master that works. */
  readonly metadata: Metadata | undefined;
}

export interface CurrentHost {
  readonly record: HostRecord;
  readonly state: HostState;
}

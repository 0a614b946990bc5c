/** What a host tells about itself. */

import type { Cidr } from '../../../clusterfile/network.ts';

export interface HostReport {
  /** `uname -s`. */
  readonly system: string;
  /** Much of its kernel is another's. */
  readonly isContainer: boolean;
  /** An earlier run began to make this cluster here: what looks like leftovers is ours. */
  readonly isOurs: boolean;
  /** The image's rootfs is there. */
  readonly hasRootfs: boolean;
  /** Names of other clusters of ours that the host belongs to. */
  readonly otherClusters: readonly string[];
  /** cgroup controllers that are switched on. */
  readonly controllers: ReadonlySet<string>;
  readonly disks: readonly Disk[];
  /** Of the ports that were asked about: those that somebody listens at. */
  readonly listeners: readonly Listener[];
  readonly processes: readonly Process[];
  /** Files of services of container runtimes and kubelets. */
  readonly units: readonly string[];
  /** Files and folders of clusters. */
  readonly leftovers: readonly string[];
  readonly swaps: readonly { readonly device: string; readonly bytes: number }[];
  /** Of overlay and br_netfilter: those that are loaded, built in, or can be loaded. */
  readonly modules: ReadonlySet<string>;
  /** The host has lists of its kernel's modules. */
  readonly knowsModules: boolean;
  /** Forwarding of IPv4 can be switched on. */
  readonly canForward: boolean;
  readonly tools: ReadonlySet<string>;
  /** `1.8.9`; undefined if there is no iptables. */
  readonly iptables: string | undefined;
  readonly isSelinuxEnforcing: boolean;
  readonly firewalls: readonly string[];
  /** Names of variables in /etc/environment. */
  readonly proxies: readonly string[];
  readonly nameservers: readonly string[];
  readonly hasLocalhost: boolean;
  readonly inotify: { readonly instances: number; readonly watches: number } | undefined;
  /** Mounts below / reach containers. */
  readonly isShared: boolean;
  /** nm-cloud-setup rewrites routes. */
  readonly hasCloudSetup: boolean;
  /** Lower case; undefined if the firmware has none. */
  readonly productUuid: string | undefined;
  /** Of network cards that are no software. */
  readonly macs: readonly string[];
  readonly routes: readonly Route[];
}

/** The disk that a folder is on, or will be. */
export interface Disk {
  readonly folder: string;
  /** In bytes. */
  readonly total: number;
  /** In bytes. */
  readonly free: number;
  readonly mount: string;
  /** `ext4`; empty if unknown. */
  readonly type: string;
  readonly options: readonly string[];
}

export interface Listener {
  readonly port: number;
  readonly owner: Process | undefined;
}

export interface Process {
  readonly pid: number;
  readonly name: string;
}

export interface Route {
  readonly to: Cidr;
  readonly device: string;
}

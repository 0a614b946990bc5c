/** What plugins run with, and what is told of them. */

import type { Env, Phase, PluginSpec } from '../../clusterfile/desired.ts';
import type { Host } from '../../hosts/host.ts';
import type { Report } from '../../progress.ts';
import type { Runtime } from '../../runtime/runtime.ts';

export interface PluginContext {
  /** In the order in which they run (see `orderPlugins`); those of other phases are passed over. */
  readonly specs: readonly PluginSpec[];
  readonly hosts: readonly PluginHost[];
  /** Addresses that a host phase is about: those that join, or leave. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** The cluster's folder on every host. */
  readonly home: string;
  /** The image's rootfs on every host. */
  readonly rootfs: string;
  readonly clusterName: string;
  /** Undefined before there is a cluster. */
  readonly kubectl?: Runtime['kubectl'] | undefined;
  /** Takes a snapshot of etcd and gives its path on master0. */
  readonly snapshot?: (() => Promise<string>) | undefined;
  readonly report: Report;
  readonly signal: AbortSignal;
}

export interface PluginHost {
  readonly host: Host;
  readonly roles: readonly string[];
  /** The Clusterfile's. */
  readonly labels: Readonly<Record<string, string>>;
  /** The host's with the cluster's and the image's below. */
  readonly env: Env;
  readonly isMaster0: boolean;
}

/** One plugin on one host, or for the whole cluster. */
export interface PluginRun {
  readonly plugin: string;
  readonly type: string;
  readonly phase: Phase;
  /** Address; undefined if it was done by the cluster's API. */
  readonly host?: string | undefined;
  /** `skipped`: there is no rootfs (any more) to clean up from. */
  readonly outcome: 'done' | 'skipped';
  readonly durationMs: number;
  /** The last lines that it printed. */
  readonly lastLines: readonly string[];
}

/** One plugin in one phase. */
export interface PluginCall {
  readonly spec: PluginSpec;
  readonly phase: Phase;
  readonly context: PluginContext;
  /** Ends with the plugin's time, or with the whole run. */
  readonly signal: AbortSignal;
}

/** A type of plugin that the image brings: an executable in its plugins/ folder, which is told by JSON what to do. */

import type { PluginCall, PluginHost } from './context.ts';
import { kubeconfigOn } from './kubeconfig-path.ts';
import { runOnHost } from './on-host.ts';

/** What the executable reads from its stdin. There are no secrets in it but those of the environment. */
export interface ExecutableInput {
  readonly phase: string;
  readonly plugin: string;
  readonly data: string;
  readonly cluster: string;
  readonly rootfs: string;
  /** The address of the host on which it runs. */
  readonly host: string;
  readonly hosts: readonly {
    readonly address: string;
    readonly roles: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
    readonly isMaster0: boolean;
  }[];
  readonly env: Readonly<Record<string, string>>;
  /** Path of the administrator's kubeconfig on this host; missing on those that have none. */
  readonly kubeconfig?: string | undefined;
}

export async function runExecutable(call: PluginCall, on: PluginHost): Promise<readonly string[]> {
  const { spec, phase, context } = call;
  const input: ExecutableInput = {
    phase,
    plugin: spec.name,
    data: spec.data,
    cluster: context.clusterName,
    rootfs: context.rootfs,
    host: on.host.address,
    hosts: context.hosts.map(({ host, roles, labels, isMaster0 }) => ({
      address: host.address,
      roles,
      labels,
      isMaster0,
    })),
    env: { ...on.env, ...spec.env },
    kubeconfig: await kubeconfigOn(on.host, call.signal),
  };
  const path = `${context.rootfs}/plugins/${spec.type}`;
  return runOnHost(call, on, { argv: [path], stdin: `${JSON.stringify(input)}\n` });
}

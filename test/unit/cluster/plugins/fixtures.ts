/** Hosts in memory and plugins for tests. */

import { PassThrough } from 'node:stream';
import type { PluginContext, PluginHost } from '../../../../src/cluster/plugins/index.ts';
import type { PluginSpec } from '../../../../src/clusterfile/desired.ts';
import type { Command, Host, Output } from '../../../../src/hosts/host.ts';
import { silent } from '../../../../src/progress.ts';

export interface MemoryHost extends Host {
  readonly commands: readonly Command[];
}

export function memoryHost(address: string, answer: (command: Command) => Partial<Output> = () => ({})): MemoryHost {
  const commands: Command[] = [];
  return {
    address,
    label: address,
    commands,
    exec: async (command) => {
      commands.push(command);
      const output = { code: 0, stdout: '', stderr: '', ...answer(command) };
      for (const line of output.stdout.split('\n').filter(Boolean)) command.onLine?.(line, 'stdout');
      return output;
    },
    read: async () => undefined,
    readText: async () => undefined,
    write: async () => {},
    upload: async () => ({ sent: 0 }),
    facts: () => Promise.reject(new Error('nobody asks')),
    forward: async () => new PassThrough(),
    [Symbol.asyncDispose]: async () => {},
  };
}

export function spec(more: Partial<PluginSpec> = {}): PluginSpec {
  return {
    name: 'one',
    type: 'SHELL',
    phases: ['post-install'],
    on: [],
    data: 'true',
    env: {},
    timeoutMs: 60_000,
    at: { file: 'Clusterfile', line: 7 },
    ...more,
  };
}

export function on(host: Host, more: Partial<PluginHost> = {}): PluginHost {
  return { host, roles: ['node'], labels: {}, env: {}, isMaster0: false, ...more };
}

export function context(more: Partial<PluginContext>): PluginContext {
  return {
    specs: [],
    hosts: [],
    home: '/var/lib/sealer/shop',
    rootfs: '/var/lib/sealer/shop/rootfs/abc',
    clusterName: 'shop',
    report: silent,
    signal: new AbortController().signal,
    ...more,
  };
}

export interface FakeNode {
  readonly name: string;
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { key: string; value?: string; effect: string }[];
}

/** What `kubectl get nodes -o json` prints. */
export function nodeList(nodes: readonly FakeNode[]): string {
  return JSON.stringify({
    items: nodes.map(({ name, address, labels = {}, taints = [] }) => ({
      metadata: { name, labels },
      spec: { taints },
      status: { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', status: 'True' }] },
    })),
  });
}

/** Every kind of host that the contract is tested on. */

import type { Host } from '../../../src/hosts/host.ts';
import { connectSsh, loadHostKeys, localHost } from '../../../src/hosts/index.ts';
import { noSshd, startSshd } from './sshd.ts';

export interface RunningHost extends AsyncDisposable {
  readonly host: Host;
  /** By what address the host reaches this process. */
  readonly here: string;
}

export interface HostKind {
  readonly name: string;
  readonly skip: string | false;
  start(): Promise<RunningHost>;
}

const noRoot = process.getuid?.() === 0 ? false : 'commands as root need root';

export const HOST_KINDS: readonly HostKind[] = [
  {
    name: 'this machine',
    skip: noRoot,
    start: async () => {
      const host = localHost({ env: process.env });
      return { host, here: '127.0.0.1', [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
    },
  },
  { name: 'over SSH', skip: noSshd, start: () => startSshHost() },
  {
    name: 'over SSH to a server that forwards nothing',
    skip: noSshd,
    start: () => startSshHost('AllowTcpForwarding no'),
  },
];

async function startSshHost(...settings: readonly string[]): Promise<RunningHost> {
  const sshd = await startSshd(...settings);
  const hostKeys = await loadHostKeys({ files: [sshd.knownHosts], env: {} });
  const host = await connectSsh({ address: '127.0.0.1', ssh: sshd.ssh }, { hostKeys, env: {} });
  return {
    host,
    here: '127.0.0.1',
    [Symbol.asyncDispose]: async () => {
      await host[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

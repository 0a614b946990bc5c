/** A host that remembers what it is asked and answers as it is told. */

import { PassThrough } from 'node:stream';
import type { Command, Host, HostFacts, Output } from '../../../../src/hosts/host.ts';

export interface FakeHost extends Host {
  readonly commands: readonly (readonly string[])[];
}

export function fakeHost(
  init: HostFacts['init'],
  answer: (command: Command) => Partial<Output> = () => ({}),
): FakeHost {
  const commands: (readonly string[])[] = [];
  return {
    address: '10.0.0.2',
    label: '10.0.0.2',
    commands,
    exec: async (command) => {
      commands.push(command.argv);
      return { code: 0, stdout: '', stderr: '', ...answer(command) };
    },
    read: async () => undefined,
    readText: async () => undefined,
    write: async () => {},
    upload: async () => ({ sent: 0 }),
    facts: async () => ({
      hostname: 'one',
      machineId: 'abc',
      os: { id: 'debian', version: '12', name: 'Debian 12' },
      kernel: '6.1',
      arch: 'amd64',
      cpus: 2,
      memory: 2 ** 31,
      init,
      cgroupVersion: 1,
      addresses: ['10.0.0.2'],
      clockSkewMs: 0,
      user: 'root',
    }),
    forward: async () => new PassThrough(),
    [Symbol.asyncDispose]: async () => {},
  };
}

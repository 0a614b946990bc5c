/** Networks of the lab: a bridge without uplink. */

import { randomBytes } from 'node:crypto';
import type { LabEngine } from '../engine.ts';
import { runTool } from '../tools.ts';

export interface LabNetwork {
  readonly name: string;
  /** `10.89.3.0/24`. */
  readonly subnet: string;
  /** Where hosts send what is for elsewhere: nobody has this address. */
  readonly gateway: string;
  /** This machine's address in it; undefined if it has none, and no way to the hosts. */
  readonly runner?: string;
  /** An address in it: `address(10)` is `10.89.3.10`. */
  address(number: number): string;
  /** Gives this machine its address again: the bridge goes when its last host stops. */
  plug(): Promise<void>;
  remove(): Promise<void>;
}

/** Makes a network. No name server, no route, and no address of this machine unless it shall be reachable from here. */
export async function makeNetwork(
  engine: LabEngine,
  options: { readonly reachable: boolean; readonly keep?: string | undefined },
): Promise<LabNetwork> {
  const name = `sealer-lab-${randomBytes(4).toString('hex')}`;
  const keep = options.keep === undefined ? [] : ['--label', `io.sealer.lab.keep=${options.keep}`];
  await engine.podman('network', 'create', '--internal', '--disable-dns', ...keep, name);
  const [inspected] = JSON.parse(await engine.podman('network', 'inspect', name)) as [
    { network_interface: string; subnets: [{ subnet: string }] },
  ];
  const subnet = inspected.subnets[0].subnet;
  const address = (number: number) => subnet.replace(/\.0\/24$/, `.${number}`);
  return {
    name,
    subnet,
    gateway: address(254),
    ...(options.reachable ? { runner: address(1) } : {}),
    address,
    plug: async () => {
      if (!options.reachable) return;
      await runTool('ip', ['address', 'replace', `${address(1)}/24`, 'dev', inspected.network_interface]);
    },
    remove: async () => {
      await engine.podman('network', 'rm', '--force', '--time', '0', name);
    },
  };
}

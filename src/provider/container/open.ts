/** Containers as hosts: no SSH. */

import type { HostSpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { containerHost, type HostLog } from '../../hosts/index.ts';
import type { HostEngine } from './engine.ts';
import { type ContainerMember, findContainerHosts } from './find.ts';

export interface OpenOptions {
  readonly log?: HostLog | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The host at an address of some cluster's network.
 * @throws SealerError HOST_UNREACHABLE if no container has it, or it does not run
 */
export async function openContainerHost(
  engine: HostEngine,
  { address }: Pick<HostSpec, 'address'>,
  { log, now, signal }: OpenOptions = {},
): Promise<Host> {
  const member = (await findContainerHosts(engine, undefined, signal)).find((each) => each.address === address);
  if (member === undefined) {
    throw new SealerError('HOST_UNREACHABLE', `${address} cannot be reached: no container of a cluster has it`, {
      hint: 'It was removed by somebody: delete the cluster (sealer delete --all) and run it again.',
    });
  }
  if (!member.isRunning) {
    throw new SealerError(
      'HOST_UNREACHABLE',
      `${address} (container ${member.name}) cannot be reached: it is stopped`,
      {
        hint: `Start it: ${engine.kind} start ${member.name}`,
      },
    );
  }
  return hostOf(engine, member, { log, now });
}

/** A container that runs, as a host. */
export function hostOf({ client }: HostEngine, member: ContainerMember, options: OpenOptions = {}): Host {
  const { id: containerId, name, address } = member;
  return containerHost({ client, containerId, name, address, log: options.log, now: options.now });
}

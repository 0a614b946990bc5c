/** All checks, over what all hosts told. Pure. */

import type { Problem } from '../../../error.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { judgeClocks } from './clocks.ts';
import { judgeDiskKinds, judgeRoom } from './disks.ts';
import { judgeIdentities } from './identities.ts';
import { judgeKernel } from './kernel.ts';
import { judgeLeftovers } from './leftovers.ts';
import { judgeArch, judgeSize, judgeSystem } from './machine.ts';
import { judgeAddress, judgeNetworks } from './networks.ts';
import { judgePorts } from './ports.ts';
import { judgeSurroundings } from './surroundings.ts';
import { judgeTools } from './tools.ts';

/** @returns errors first, then warnings, then notices; among them in the order of the hosts */
export function judge(hosts: readonly Inspected[], wanted: Wanted): Problem[] {
  const own = hosts.flatMap((host) => [
    ...judgeArch(host, wanted),
    ...judgeRoom(host, wanted),
    ...(host.isMember ? [] : judgeNewHost(host, wanted, hosts.length)),
  ]);
  return bySeverity([
    ...judgeClocks(hosts),
    ...judgeIdentities(hosts, wanted),
    ...judgeNetworks(hosts, wanted),
    ...own,
  ]);
}

function judgeNewHost(host: Inspected, wanted: Wanted, count: number): Problem[] {
  return [
    ...judgeSystem(host),
    ...judgeSize(host, wanted),
    ...judgeKernel(host, wanted),
    ...judgeDiskKinds(host, wanted),
    ...judgeLeftovers(host, wanted),
    ...judgePorts(host, wanted),
    ...judgeTools(host, wanted),
    ...judgeSurroundings(host, wanted),
    ...judgeAddress(host, count),
  ];
}

/** Sorts findings so that what stands in the way comes first. */
export function bySeverity(problems: readonly Problem[]): Problem[] {
  const order = ['error', 'warning', 'notice'] as const;
  return order.flatMap((wanted) => problems.filter(({ severity = 'error' }) => severity === wanted));
}

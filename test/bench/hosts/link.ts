/** What leaves this machine towards hosts of the lab, counted by the kernel. */

import { readFileSync } from 'node:fs';
import { runTool } from '../../lab/tools.ts';

export interface LinkCounter {
  /** Bytes so far, with the headers of all packets. */
  sent(): number;
}

/**
 * The counter of the bridge that a host is at. A bridge's own counters have what this machine sends and gets; what hosts
 * send to each other passes from port to port and is in none of them.
 */
export async function linkTo(address: string): Promise<LinkCounter> {
  const [route] = JSON.parse(await runTool('ip', ['-json', 'route', 'get', address])) as [{ dev: string }];
  return { sent: () => Number(readFileSync(`/sys/class/net/${route.dev}/statistics/tx_bytes`, 'utf8')) };
}

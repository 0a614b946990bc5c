/** What we and the watchdog say to each other. */

import type { Connection } from '../../container-engine/endpoint.ts';

/** The first line to the watchdog, as JSON. Later lines are `begin`, `end` and `done`. */
export interface Watch {
  readonly connection: Connection;
  /** `key=value` */
  readonly label: string;
}

/** What it says back, once: from now on nothing is left behind. */
export const READY = 'watching\n';

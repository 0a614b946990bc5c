/** The world as operations on clusters see it. */

import type { Store } from '../oci/store/index.ts';
import type { Report } from '../progress.ts';
import type { RegistryClient } from '../registry/client/index.ts';
import type { OpenHost } from './fleet/fleet.ts';

export interface ClusterWorld {
  readonly store: Store;
  readonly client: RegistryClient;
  /** Connects to a host. */
  readonly open: OpenHost;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** `user@machine`: who does it, for locks and the journal. */
  readonly by: string;
  /** What is done, for the same: `sealer apply`. No secrets. */
  readonly command: string;
  /** Hosts at work at the same time. */
  readonly parallel: number;
  /** Where the bare names of base images are. Default: ours. */
  readonly baseRegistry?: string | undefined;
}

/** The flags of commands that start a temporary cluster. */

import type { Command } from 'commander';
import type { ClusterOptions } from '../rehearsal/index.ts';
import { DEFAULT_CLUSTER, readDuration } from './build-values.ts';
import { under } from './flags.ts';

export interface ClusterFlags {
  readonly clusterImage?: string | undefined;
  readonly clusterTimeout: string;
  readonly clusterSettle: string;
}

/** Declares the flags. */
export function withCluster(command: Command): Command {
  return under('Temporary cluster:', command, () =>
    command
      .option(
        '--cluster-image <image>',
        "the temporary cluster's image (default: k3s of the base's Kubernetes version)",
      )
      .option('--cluster-timeout <time>', 'for the cluster to start, and again for all workloads to be ready', '10m')
      .option('--cluster-settle <time>', 'how long all has to stay ready, with nothing new coming up', '10s'),
  );
}

/**
 * The cluster that flags ask for.
 * @throws SealerError USAGE
 */
export function toClusterOptions(flags: Partial<ClusterFlags>): ClusterOptions {
  const { clusterImage: image, clusterTimeout = '', clusterSettle = '' } = flags;
  return {
    image,
    timeoutMs: readDuration(clusterTimeout, '--cluster-timeout', DEFAULT_CLUSTER.timeoutMs),
    settleMs: readDuration(clusterSettle, '--cluster-settle', DEFAULT_CLUSTER.settleMs),
  };
}

/** The temporary cluster of a build, for RUN --cluster and for a recording: one, started by who needs it first. */

import { kubeVersionOf } from '../../cluster-image/index.ts';
import type { ClusterOptions, Recording } from '../../rehearsal/index.ts';
import type { Builder } from '../builder.ts';
import type { StageState } from '../stage/state.ts';
import { metadataOf } from './metadata.ts';

const DEFAULT_CLUSTER: ClusterOptions = { timeoutMs: 600_000, settleMs: 10_000 };

/**
 * Starts the build's cluster, or gives the one that runs. It ends with the build.
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_UNFIT, CLUSTER_NOT_READY
 */
export async function buildCluster(builder: Builder, state: StageState): Promise<Recording> {
  builder.recording.current ??= (async () => {
    const kubeVersion = await kubeVersionFor(builder, state);
    const { source, resolved, options } = builder;
    const request = { cluster: options.cluster ?? DEFAULT_CLUSTER, kubeVersion, source, resolved };
    builder.world.report({ type: 'phase', title: 'Temporary cluster' });
    // Loaded here alone: most builds need no cluster, and none is to wait for its code.
    const { openRecording } = await import('../../rehearsal/index.ts');
    return builder.cleanup.use(await openRecording(request, builder.world));
  })();
  return await builder.recording.current;
}

/** The Kubernetes that a stage brings. */
export async function kubeVersionFor(builder: Builder, state: StageState): Promise<string | undefined> {
  return kubeVersionOf(Object.fromEntries(state.labels), await metadataOf(builder, state));
}

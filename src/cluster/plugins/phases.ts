/** What the phases have in common (facts of sealer v0.11: pkg/cluster-runtime/hook.go). */

import type { Phase } from '../../clusterfile/desired.ts';

const HOST_PHASES: ReadonlySet<Phase> = new Set([
  'pre-init-host',
  'post-init-host',
  'pre-clean-host',
  'post-clean-host',
  'upgrade-host',
]);

/** When a rootfs may be gone already: then there is nothing to run, as with the Go sealer. */
const CLEANING: ReadonlySet<Phase> = new Set(['pre-uninstall', 'post-uninstall', 'pre-clean-host', 'post-clean-host']);

/** Whether a phase is about single hosts; the others are about the cluster, and run on master0. */
export function isHostPhase(phase: Phase): boolean {
  return HOST_PHASES.has(phase);
}

export function isCleaningPhase(phase: Phase): boolean {
  return CLEANING.has(phase);
}

/** Whether there is never a cluster's API in this phase. */
export function isBeforeCluster(phase: Phase): boolean {
  return phase === 'pre-install' || phase === 'post-uninstall';
}

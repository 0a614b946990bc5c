/** Clusters on hosts: planned, made, changed, looked at, taken away. */

export type { StepTime } from './apply/apply-plan.ts';
export { cleanHost } from './apply/clean-host.ts';
export { Fleet, type OpenHost } from './fleet/fleet.ts';
export { loadRunnableImage, type RunnableImage } from './image/runnable-image.ts';
export { type Changed, type ChangeRequest, changeCluster } from './operations/change-cluster.ts';
export { checkCluster } from './operations/check-cluster.ts';
export { type DeleteOptions, deleteCluster, deletionPlan } from './operations/delete-cluster.ts';
export { type InstallRequest, installApp } from './operations/install-app.ts';
export {
  installByKubeconfig,
  type KubeconfigInstall,
  type KubeconfigInstalled,
} from './operations/install-by-kubeconfig.ts';
export { type ClusterTarget, type KnownCluster, openKnownCluster } from './operations/known-cluster.ts';
export { type ClusterStatus, clusterStatus } from './operations/status.ts';
export { registryHostsOf, rolesOf } from './plan/desire.ts';
export type { Plan, Risk, Step, StepKind } from './plan/step.ts';
export type { SavedState } from './state/saved-state.ts';
export type { ClusterWorld } from './world.ts';

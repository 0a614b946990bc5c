/** A small read-only client of Kubernetes: is the cluster ready, are its workloads, and if not, why? */

export type { ClusterAccess } from './access.ts';
export { type ClientOptions, KubernetesClient } from './client.ts';
export { type KubeconfigOptions, parseKubeconfig, readKubeconfig } from './kubeconfig.ts';
export type { ContainerImageUse } from './pod.ts';
export {
  type ContainerLog,
  describeWorkloads,
  type PodImage,
  type PodState,
  podImages,
  type WorkloadReport,
  type WorkloadState,
  workloadName,
} from './report.ts';
export type { WorkloadKind } from './rollout.ts';
export { type WaitForClusterOptions, waitForCluster } from './wait-for-cluster.ts';
export { type WaitForWorkloadsOptions, waitForWorkloads, workloadUids } from './wait-for-workloads.ts';

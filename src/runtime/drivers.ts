/** The drivers there are. Adding one is adding a folder and a line here. */

import type { CreateRuntime, RuntimeName } from './runtime.ts';

/** Loads a driver. */
export const DRIVERS: Readonly<Record<RuntimeName, () => Promise<CreateRuntime>>> = {
  kubeadm: async () => (await import('./kubeadm/index.ts')).createKubeadm,
  k3s: async () => (await import('./k3s/index.ts')).createK3s,
  k0s: async () => (await import('./k0s/index.ts')).createK0s,
};

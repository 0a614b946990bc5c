/** Programs that hosts may see at /opt/lab, for what stands in for k3s and k0s. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LAB_KUBERNETES_BIN } from '../kubernetes/cluster-image.ts';

/** The mounts, as `FROM:TO:ro`: Kubernetes' programs, and containerd with what it needs (bin/, lib/, cni/). */
export async function labStandIns(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'container-runtime'), { maxBuffer: 1 << 20 });
  return [`${LAB_KUBERNETES_BIN}:/opt/lab/kubernetes:ro`, `${stdout.trim()}:/opt/lab/containerd:ro`];
}

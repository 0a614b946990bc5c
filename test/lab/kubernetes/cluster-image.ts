/** The image that a temporary cluster of the tests runs: a real k3s where there is one, else the lab's own Kubernetes. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabEngine } from '../engine.ts';

/** Kubernetes' version in the lab's own image. */
export const LAB_KUBERNETES_VERSION = 'v1.20.2';

/** Whether the tests run on a real k3s rather than on the lab's stand-in. */
export function hasRealK3s(env: NodeJS.ProcessEnv = process.env): boolean {
  return (env.SEALER_TEST_K3S_IMAGE ?? '') !== '';
}

/**
 * Gives the image's name in the engine: `$SEALER_TEST_K3S_IMAGE`, pulled unless it is there, else the all-in-one
 * Kubernetes, made unless it is there (ten seconds; ten minutes on a machine that has not built Kubernetes yet).
 */
export async function labClusterImage(engine: LabEngine): Promise<string> {
  const named = process.env.SEALER_TEST_K3S_IMAGE ?? '';
  if (named !== '') {
    await engine.podman('image', 'exists', named).catch(() => engine.podman('pull', '--quiet', named));
    return named;
  }
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'image', 'build'), { maxBuffer: 64 << 20 });
  return stdout.trim();
}

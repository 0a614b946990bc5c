/** The image that a temporary cluster of the tests runs: a real k3s where there is one, else the lab's own Kubernetes. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type LabEngine, whatEngineLacks } from '../engine.ts';

/** Kubernetes' version in the lab's own image. */
export const LAB_KUBERNETES_VERSION = '1.20.2';

/** Folder with the lab's Kubernetes programs, kubectl among them, once `test/lab/install-lab` has built them. */
export const LAB_KUBERNETES_BIN = join(
  process.env.SEALER_LAB_CACHE ?? join(homedir(), '.cache', 'sealer-lab'),
  `kubernetes-${LAB_KUBERNETES_VERSION}`,
  'bin',
);

/** Whether the tests run on a real k3s rather than on the lab's stand-in. */
export function hasRealK3s(): boolean {
  return (process.env.SEALER_TEST_K3S_IMAGE ?? '') !== '';
}

/** What to give as a test's `skip`: false when a cluster can be started here without building for minutes, else the reason. */
export function needsCluster(): string | false {
  const lacking = whatEngineLacks();
  if (lacking !== undefined) return lacking;
  if (hasRealK3s() || existsSync(join(LAB_KUBERNETES_BIN, 'complete'))) return false;
  return 'absent: the lab’s Kubernetes (test/lab/install-lab builds it)';
}

/**
 * Gives the image's name in the engine: `$SEALER_TEST_K3S_IMAGE`, pulled unless it is there, else the all-in-one
 * Kubernetes, made unless it is there (some 15 s; ten minutes on a machine that has not built Kubernetes yet).
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

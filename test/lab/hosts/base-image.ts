/** The cluster images that tests run on hosts: images/lab, built by our own command line. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../cli.ts';
import { LAB_KUBERNETES_BIN } from '../kubernetes/cluster-image.ts';
import { findTool } from '../tools.ts';
import { needsHosts } from './host-image.ts';

/** Names in the store, by Kubernetes' version: the base, and on it an app that answers at port 30080 of every node. */
export const LAB_IMAGES = {
  'v1.20.2': { base: 'lab-kubeadm:v1.20.2', shop: 'lab-shop:v1.20.2' },
  'v1.20.3': { base: 'lab-kubeadm:v1.20.3', shop: 'lab-shop:v1.20.3' },
} as const;

/** Where the shop answers: `shop v1.20.2 on host-1`. */
export const SHOP_PORT = 30080;

/** What to give as a test's `skip`: false when the images can be had without building for ten minutes, else the reason. */
export function needsBaseImages(): string | false {
  const lacking = needsHosts();
  if (lacking !== false) return lacking;
  if (findTool('docker-registry') === undefined) return 'absent: docker-registry (test/lab/install-peers installs it)';
  if (existsSync(join(LAB_KUBERNETES_BIN, 'complete'))) return false;
  return 'absent: the lab’s Kubernetes (test/lab/install-lab builds it)';
}

/** The store with all of `LAB_IMAGES`, for reading only; built unless it is there, which takes some four minutes. */
export async function labBaseImages(): Promise<string> {
  const { stdout } = await promisify(execFile)(join(PROJECT, 'images', 'lab', 'build'), {
    env: { ...process.env, NODE: process.execPath },
    maxBuffer: 64 << 20,
  });
  return stdout.trim();
}

/** Makes a store of a test's own with all of `LAB_IMAGES` at a path where nothing is: links, where they can be made. */
export async function copyOfBaseImages(path: string): Promise<void> {
  const store = await labBaseImages();
  // Blobs are never written to, and all else is replaced by renaming.
  const run = promisify(execFile);
  await run('cp', ['-al', '--', store, path]).catch(() => run('cp', ['-a', '--', store, path]));
}

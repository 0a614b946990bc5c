/** The store's small content, kept in the cache of GitHub Actions between runs. Nothing here ever fails a build. */

import { join } from 'node:path';
import { debug, info } from '@actions/core';
import { digestOf, hexOf } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import type { BuildInputs } from '../inputs/index.ts';
import type { Workflow } from '../workflow.ts';
import { listHotBlobs, putHotBlobs, takeHotBlobs } from './hot-blobs.ts';
import { cachePolicy } from './policy.ts';

export interface HotCache extends AsyncDisposable {
  /** Keeps what the store has now, if it is not what was restored. */
  save(): Promise<void>;
}

/** Raised when what is cached changes its form. */
const KEY_VERSION = 'v1';

/** Restores into the store what the last run has kept. */
export async function openCache(store: Store, inputs: BuildInputs, workflow: Workflow): Promise<HotCache> {
  const policy = cachePolicy(inputs, workflow);
  // The path is a part of an entry's identity, so it is the same in every run.
  const folder = join(workflow.temporary, 'sealer-cache');
  const restored = policy.read ? await softly('restored', () => restore(folder, store, inputs, workflow)) : undefined;
  return {
    async save() {
      if (policy.write) await softly('saved', () => save(folder, store, workflow, restored));
    },
    async [Symbol.asyncDispose]() {},
  };
}

const PREFIX = `sealer-${KEY_VERSION}-${process.platform}-${process.arch}-`;

/**
 * Loads the cache service's client, which is large, where there is a service to talk to.
 * @param env with the variables that the runner gives to JavaScript actions; empty is as good as absent, since a step
 *   that did not run leaves its outputs empty
 */
export async function loadService(env: NodeJS.ProcessEnv): Promise<typeof import('./cache-service.ts') | undefined> {
  if (!env.ACTIONS_RUNTIME_TOKEN || !(env.ACTIONS_RESULTS_URL || env.ACTIONS_CACHE_URL)) return undefined;
  const service = await import('./cache-service.ts');
  return service.isFeatureAvailable() ? service : undefined;
}

async function restore(
  folder: string,
  store: Store,
  { cache }: BuildInputs,
  { env }: Workflow,
): Promise<string | undefined> {
  const service = await loadService(env);
  if (service === undefined) {
    const message = 'There is no cache here: the runner names no cache service.';
    if (cache === 'true') info(message);
    else debug(message);
    return undefined;
  }
  const key = await service.restoreCache([folder], PREFIX, [PREFIX]);
  if (key === undefined) return undefined;
  const { taken, refused } = await takeHotBlobs(folder, store);
  info(
    `Cache ${key}: ${taken} blobs restored${refused === 0 ? '' : `, ${refused} refused: not what their digests say`}`,
  );
  return key;
}

async function save(folder: string, store: Store, { env }: Workflow, restored: string | undefined): Promise<void> {
  const service = await loadService(env);
  if (service === undefined) return;
  const digests = await listHotBlobs(store);
  const key = `${PREFIX}${hexOf(digestOf(digests.join('\n')))}`;
  if (digests.length === 0 || key === restored) return;
  await putHotBlobs(folder, store, digests);
  // The service answers -1 for what it did not take (another run was first, a read-only token) and has said why.
  if ((await service.saveCache([folder], key)) >= 0) info(`Cache ${key}: ${digests.length} blobs saved`);
}

async function softly<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    info(`The cache could not be ${what}, which costs time and nothing else: ${String(error)}`);
    return undefined;
  }
}

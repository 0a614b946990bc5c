/** The registries that the suite goes through: each storage behind the same server. */

import { join } from 'node:path';
import { after, before } from 'node:test';
import { Store } from '../../../src/oci/store/index.ts';
import {
  folderStorage,
  type RunningRegistry,
  type ServeOptions,
  serveRegistry,
  storeStorage,
} from '../../../src/registry/server/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

export type StorageKind = 'folder' | 'store';

export const STORAGES: readonly StorageKind[] = ['folder', 'store'];

export type TestRegistry = RunningRegistry & { readonly root: string };

/** Starts a registry over an empty folder or store, which is gone when the scope ends. */
export async function startRegistry(
  kind: StorageKind,
  options: Omit<ServeOptions, 'storage'> = {},
): Promise<TestRegistry> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder(`conformance-${kind}`));
  const root = join(path, 'data');
  const storage = kind === 'folder' ? folderStorage(root) : storeStorage(stack.use(await Store.open(root)));
  const registry = stack.use(await serveRegistry({ ...options, storage }));
  const owned = stack.move();
  return { url: registry.url, address: registry.address, root, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The registry of a `describe`: started before its tests, gone after them. Its address is known once they run. */
export function registryOf(kind: StorageKind): { readonly url: string } {
  let registry: TestRegistry | undefined;
  before(async () => {
    registry = await startRegistry(kind);
  });
  after(() => registry?.[Symbol.asyncDispose]());
  return {
    get url() {
      if (registry === undefined) throw new Error('the registry runs during tests only');
      return registry.url;
    },
  };
}

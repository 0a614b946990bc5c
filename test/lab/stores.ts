/** Stores of our own for tests, each in a temporary folder. */

import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Store } from '../../src/oci/store/index.ts';
import { folderOf, temporaryFolder } from './scratch.ts';

/** Opens an empty store, which is gone when the test ends. */
export async function storeOf(t: TestContext): Promise<Store> {
  const store = await Store.open(join(await folderOf(t, 'store'), 'store'));
  t.after(() => store[Symbol.asyncDispose]());
  return store;
}

/** Does some work with an empty store, which is gone afterwards. */
export async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder('store');
  await using store = await Store.open(join(folder.path, 'store'));
  await work(store);
}

/** A temporary folder for a test, with a store in it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Store } from '../../../src/oci/store/index.ts';

/** A folder that is removed when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-store-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An open store in such a folder. */
export async function temporaryStore(t: TestContext): Promise<Store> {
  const store = await Store.open(join(await temporaryFolder(t), 'store'));
  t.after(() => store[Symbol.asyncDispose]());
  return store;
}

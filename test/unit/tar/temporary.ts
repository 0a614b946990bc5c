/** Folders of a test, removed after it. */

import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A new, empty folder. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-tar-'));
  t.after(async () => {
    await unlock(folder);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function unlock(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    await chmod(join(folder, entry.name), 0o700);
    await unlock(join(folder, entry.name));
  }
}

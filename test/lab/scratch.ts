/** Temporary folders and content for tests. */

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A temporary folder that is gone when the scope ends. */
export async function temporaryFolder(label = 'test'): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `sealer-${label}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** The same, gone when the test ends. */
export async function folderOf(t: TestContext, label?: string): Promise<string> {
  const folder = await temporaryFolder(label);
  t.after(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

/** Writes files below a folder, by relative path; those named in `executable` get mode 0755. */
export function writeFiles(
  root: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  executable: readonly string[] = [],
): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (executable.includes(name)) chmodSync(path, 0o755);
  }
}

/** Bytes that don't compress and are the same for the same seed, on every machine. */
export function noise(size: number, seed = ''): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  const block = 1 << 20;
  let state = createHash('sha512').update(seed).digest();
  for (let offset = 0; offset < size; offset += block) {
    // A keystream of SHA-512 in counter mode would be slow; a xorshift over a hashed seed is noise enough for gzip.
    let a = state.readUInt32LE(0) | 1;
    const end = Math.min(size, offset + block);
    for (let i = offset; i + 4 <= end; i += 4) {
      a ^= a << 13;
      a ^= a >>> 17;
      a ^= a << 5;
      bytes.writeInt32LE(a | 0, i);
    }
    for (let i = end - ((end - offset) % 4); i < end; i++) bytes[i] = state[i % 64] ?? 0;
    state = createHash('sha512').update(state).digest();
  }
  return bytes;
}

/** What was rendered before: the same tool over the same files gives the same text. */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../error.ts';

export interface RenderCache {
  /** The name of a rendering: a digest over the tool, its arguments and all files. */
  key(tool: string, argv: readonly string[], files: Iterable<readonly [string, Uint8Array]>): Promise<string>;
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
}

/** To be raised when what is kept for the same inputs becomes another. */
const VERSION = 1;

/** @param folder is made when something is kept */
export function createRenderCache(folder: string): RenderCache {
  return {
    async key(tool, argv, files) {
      const { size, mtimeMs } = await stat(tool);
      const hash = createHash('sha256').update(JSON.stringify([VERSION, tool, size, mtimeMs, argv]));
      for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
        hash.update(JSON.stringify([path, content.byteLength])).update(content);
      }
      return hash.digest('hex');
    },
    async read(key) {
      try {
        return await readFile(join(folder, key), 'utf8');
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) return undefined;
        throw error;
      }
    },
    async write(key, text) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const temporary = join(folder, `.${randomUUID()}`);
      try {
        // A chart may make passwords up; they are nobody else's to read.
        await writeFile(temporary, text, { mode: 0o600 });
        await rename(temporary, join(folder, key));
      } finally {
        await rm(temporary, { force: true });
      }
    },
  };
}

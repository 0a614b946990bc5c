/** Hashing what is on disk. */

import { createReadStream } from 'node:fs';
import { type Algorithm, createDigester, type Digest } from '../digest.ts';

/** The digest of a whole file. */
export async function digestFile(file: string, algorithm: Algorithm, signal?: AbortSignal): Promise<Digest> {
  const digester = createDigester(algorithm);
  const stream = createReadStream(file, { highWaterMark: 1024 * 1024, ...(signal === undefined ? {} : { signal }) });
  for await (const chunk of stream) digester.update(chunk);
  return digester.digest();
}

/** Looks for the value of a secret in what a RUN left behind. */

import { closeSync, openSync, readSync } from 'node:fs';
import type { TarEntry } from '../../oci/tar/index.ts';

/** A shorter value is found by chance. */
const SHORTEST = 8;
const CHUNK = 1024 * 1024;

/** The path of the first file or link that holds one of the secrets as it is. */
export function findSecret(entries: readonly TarEntry[], secrets: readonly string[]): string | undefined {
  const values = secrets.map((secret) => Buffer.from(secret.trim())).filter((value) => value.length >= SHORTEST);
  if (values.length === 0) return undefined;
  return entries.find(({ linkname = '', content, path }) => {
    if (values.some((value) => linkname.includes(value.toString()) || path.includes(value.toString()))) return true;
    return content !== undefined && 'file' in content && fileHas(content.file, values);
  })?.path;
}

function fileHas(file: string, values: readonly Buffer[]): boolean {
  const overlap = Math.max(...values.map((value) => value.length)) - 1;
  const buffer = Buffer.alloc(CHUNK + overlap);
  const handle = openSync(file, 'r');
  try {
    let kept = 0;
    for (;;) {
      const length = readSync(handle, buffer, kept, CHUNK, null);
      if (length === 0) return false;
      const filled = buffer.subarray(0, kept + length);
      if (values.some((value) => filled.includes(value))) return true;
      kept = Math.min(overlap, filled.length);
      buffer.copyWithin(0, filled.length - kept, filled.length);
    }
  } finally {
    closeSync(handle);
  }
}

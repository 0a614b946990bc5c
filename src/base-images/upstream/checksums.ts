/** Files of checksums, as projects publish them beside their releases. */

import type { Asset } from '../versions.ts';
import { changed, readText, type Upstream } from './upstream.ts';

/**
 * Reads `<sha256>  <file>` lines (also `*file` and `./file`), or a lone checksum, which is that of `alone`.
 * @returns checksums in lower case by file name
 */
export function parseChecksums(text: string, alone?: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, sum, name] = /^\s*([a-fA-F0-9]{64})(?:\s+\*?(\S+))?\s*$/.exec(line) ?? [];
    const file = name?.replace(/^.*\//, '') ?? alone;
    if (sum !== undefined && file !== undefined) found.set(file, sum.toLowerCase());
  }
  return found;
}

/**
 * A file with the checksum that stands in a list.
 * @param url of the file; it is not read
 * @param list URL of the list
 * @throws SealerError UPSTREAM_CHANGED when it is not in it
 */
export async function listedAsset(upstream: Upstream, url: string, list: string): Promise<Asset> {
  const name = fileNameOf(url);
  const sha256 = parseChecksums(await readText(upstream, list), name).get(name);
  if (sha256 === undefined) throw changed(list, `it has no checksum of ${name}`);
  return { url, sha256 };
}

/** The last part of a URL's path, decoded. */
export function fileNameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').pop() ?? '');
}

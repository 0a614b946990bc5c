/** A host fetches blobs that another host names, which the runner knows nothing of. */

import type { Host } from '../../hosts/host.ts';
import { parseDigest, shortDigest } from '../../oci/digest.ts';
import { type Report, silent } from '../../progress.ts';
import { fetchItems } from './fetch.ts';
import type { FetchSource } from './fetch-source.ts';
import type { Item } from './item.ts';

export interface CopiedBlob {
  /** Of its sha256. */
  readonly hex: string;
  /** Bytes. */
  readonly size: number;
  /** Relative to the cluster's folder. */
  readonly place: string;
}

export interface CopyOptions {
  /** The cluster's folder on the host. */
  readonly home: string;
  readonly source: FetchSource;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets a host fetch blobs that it has not got.
 * @returns bytes, and why something did not come
 * @throws what hosts throw
 */
export async function fetchBlobs(
  host: Host,
  blobs: readonly CopiedBlob[],
  { home, source, report = silent, signal }: CopyOptions,
): Promise<{ readonly bytes: number; readonly missing: string | undefined }> {
  const stdin = blobs.map(({ place }) => `${place}\n`).join('');
  const argv = ['sh', '-c', LACKING, 'sealer', home] as const;
  const lacking = new Set((await host.exec({ argv, stdin, signal })).stdout.split('\n'));
  const items = blobs.filter(({ place }) => lacking.has(place)).map(itemOf);
  const total = items.reduce((sum, { size }) => sum + size, 0);
  const id = `${host.address} registry`;
  report({ type: 'start', id, label: `${host.label} registry`, unit: 'bytes', total });
  const { bytes, missing } = await fetchItems(host, items, {
    home,
    source,
    turn: 0,
    signal,
    onItem: ({ size }) => report({ type: 'advance', id, delta: size }),
  });
  report({ type: 'end', id, outcome: missing.length === 0 ? 'done' : 'failed', moved: bytes });
  const [first] = missing;
  return { bytes, missing: first && `${shortDigest(first.item.digest)}: ${first.reason}` };
}

const LACKING = `
cd "$1" 2>/dev/null || { cat; exit 0; }
while IFS= read -r place; do
  [ ! -e "$place" ] || continue
  # A blob that is a kept layer.
  hex=\${place%/data}
  layer=layers/\${hex##*/}
  if [ "$hex" != "$place" ] && [ -f "$layer" ] && mkdir -p "$hex" && ln "$layer" "$place"; then continue; fi
  printf '%s\\n' "$place"
done
`;

function itemOf({ hex, size, place }: CopiedBlob): Item {
  return {
    digest: parseDigest(`sha256:${hex}`),
    size,
    place,
    kind: 'blob',
    open: () => Promise.reject(new Error('the runner has no blobs of this registry')),
  };
}

/** What hosts have of an image already: one command per host. */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { mergedPlace, rootfsPlace } from './places.ts';
import type { DistributedImage } from './read-image.ts';

export interface HostContent {
  /** In bytes, by place. Files appear under their names when they are whole, so there is no need to read them again. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly isUnpacked: boolean;
  readonly isMerged: boolean;
}

export interface ObserveOptions {
  /** The cluster's folder on hosts. */
  readonly home: string;
  /** Hosts at a time. Default: 32. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks hosts, by address.
 * @throws what hosts throw
 */
export async function observeHosts(
  image: DistributedImage,
  hosts: readonly Host[],
  { home, limit = 32, signal }: ObserveOptions,
): Promise<ReadonlyMap<string, HostContent>> {
  const items = [...image.files, ...image.images];
  const rootfs = rootfsPlace(image.digest);
  const merged = mergedPlace(image.digest);
  const places = [rootfs, merged, ...items.map(({ place }) => place)];
  const stdin = places.map((place) => `${place}\n`).join('');
  const contents = await inParallel(hosts, limit, async (host) => {
    const argv = ['sh', '-c', PROGRAM, 'sealer', home] as const;
    const { stdout } = await host.exec({ argv, stdin, signal });
    const sizes = new Map(stdout.split('\n').flatMap(parseLine));
    const content: HostContent = { sizes, isUnpacked: sizes.has(rootfs), isMerged: sizes.has(merged) };
    return [host.address, content] as const;
  });
  return new Map(contents);
}

/** Places have no white space in them; the home may, so they are relative to it. */
const PROGRAM = `
cd "$1" 2>/dev/null || { cat >/dev/null; exit 0; }
while IFS= read -r place; do
  if [ -e "$place" ]; then printf '%s\\n' "$place"; fi
done | xargs stat -c '%s %n' 2>/dev/null
exit 0
`;

function parseLine(line: string): readonly (readonly [string, number])[] {
  const space = line.indexOf(' ');
  return space <= 0 ? [] : [[line.slice(space + 1), Number(line.slice(0, space))]];
}

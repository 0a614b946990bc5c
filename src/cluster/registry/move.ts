/** The registry's content goes to another host, from registry to host: not by way of the runner. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { type Report, silent } from '../../progress.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import { type CopiedBlob, fetchBlobs } from '../distribution/copy-blobs.ts';
import { layerRepository } from '../distribution/index.ts';

export interface MoveOptions {
  /** The cluster's name. */
  readonly cluster: string;
  /** The cluster's folder on hosts. */
  readonly home: string;
  /** The registry of `from`, which runs. */
  readonly access: Pick<RegistryAccess, 'endpoints' | 'caFile' | 'credentials'>;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** In bytes. */
export interface Moved {
  readonly fetched: number;
}

const COPYING_MS = 60 * 60_000;

/**
 * Gives `to` all that the registry on `from` has: then `ensureRegistry` with `to` among the registry hosts starts it there,
 * and `removeRegistry` takes the old one away. What `to` has already is not fetched.
 * @throws SealerError REGISTRY_HOST if a blob cannot be fetched; COMMAND_FAILED, and what hosts throw
 */
export async function moveRegistry(from: Host, to: Host, options: MoveOptions): Promise<Moved> {
  const { cluster, home, access, report = silent, signal } = options;
  const repository = layerRepository(cluster);
  const offered = await from.exec({
    argv: ['sh', '-c', OFFER_ALL, 'sealer', home, repository],
    signal,
    timeoutMs: COPYING_MS,
  });
  const blobs = offered.stdout.split('\n').flatMap(parseBlob);
  const rest = blobs.filter(({ isList }) => !isList);
  const lists = blobs.filter(({ isList }) => isList);
  const source = { access, repository };
  const fetched = await fetchBlobs(to, [...rest, ...lists], { home, source, report, signal });
  if (fetched.missing !== undefined) {
    throw new SealerError(
      'REGISTRY_HOST',
      `${to.label} cannot fetch from the registry on ${from.label}: ${fetched.missing}`,
      { hint: 'Install curl or wget on it, or let it reach that port; then run the command again.' },
    );
  }
  const archives = lists.map(({ place }) => place);
  const argv = ['sh', '-c', TAKE_OVER, 'sealer', home, ...archives] as const;
  await to.exec({ argv, signal, timeoutMs: COPYING_MS });
  return { fetched: fetched.bytes };
}

interface OfferedBlob extends CopiedBlob {
  /** The archive of links and notes. */
  readonly isList: boolean;
}

function parseBlob(line: string): readonly OfferedBlob[] {
  const [hex, size, place, list] = line.split(' ');
  if (hex === undefined || place === undefined || !/^[0-9a-f]{64}$/.test(hex)) return [];
  return [{ hex, size: Number(size), place, isList: list === 'list' }];
}

/**
 * Links all blobs into the repository that hosts fetch from, and makes an archive of everything that is no blob: links
 * of repositories and notes about image versions. Prints a line for each: hex, size, place.
 */
const OFFER_ALL = `set -eu
umask 022
cd "$1"
storage=registry/docker/registry/v2
links=$storage/repositories/$2/_layers/sha256
offer() {
  if ! [ -e "$links/$1/link" ]; then mkdir -p "$links/$1"; printf 'sha256:%s' "$1" >"$links/$1/link"; fi
}
mkdir -p images
rm -f registry.links
tar -cf registry.links "$storage/repositories" images
hex=$(sha256sum <registry.links)
hex=\${hex%% *}
for blob in "$storage"/blobs/sha256/*/*; do
  [ -f "$blob/data" ] || continue
  offer "\${blob##*/}"
  printf '%s %s %s\\n' "\${blob##*/}" "$(stat -c %s "$blob/data")" "$blob/data"
done
# After the loop: the archive is fetched like a blob and is none.
mkdir -p "$storage/blobs/sha256/$(printf %.2s "$hex")/$hex"
mv -f registry.links "$storage/blobs/sha256/$(printf %.2s "$hex")/$hex/data"
offer "$hex"
printf '%s %s %s list\\n' "$hex" "$(stat -c %s "$storage/blobs/sha256/$(printf %.2s "$hex")/$hex/data")" "layers/$hex.links"
`;

/** Notes of image versions that the host has itself are its own. */
const TAKE_OVER = `set -eu
umask 022
cd "$1"
shift
for archive in "$@"; do
  rm -rf registry.tmp
  mkdir registry.tmp
  tar -C registry.tmp -xpof "$archive"
  mkdir -p registry/docker/registry/v2 images
  cp -alf registry.tmp/registry/. registry/
  for notes in registry.tmp/images/*/; do
    [ -d "$notes" ] || continue
    name=\${notes%/}
    name=\${name##*/}
    mkdir -p "images/$name"
    for list in images registry merged; do
      if [ -f "$notes/$list" ]; then cp -p "$notes/$list" "images/$name/$list"; fi
    done
  done
  rm -rf registry.tmp "$archive"
done
sync -f registry 2>/dev/null || sync
`;

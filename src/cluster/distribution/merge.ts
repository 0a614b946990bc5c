/** Bringing the container images of a cluster image into the registry's storage of a host. */

import type { Host } from '../../hosts/host.ts';
import { hexOf } from '../../oci/digest.ts';
import type { Item } from './item.ts';
import { layerPlace, notesPlace, STORAGE } from './places.ts';
import type { DistributedImage } from './read-image.ts';
import { noteLines, stepLines, UNPACK_CASES, UNPACKING_MS } from './unpack.ts';

/**
 * Lets the registry give items to other hosts, as blobs of a repository. A layer's file is a hard link there, so that
 * nothing is stored twice.
 * @param home the cluster's folder on the host
 */
export async function offerItems(
  host: Host,
  home: string,
  repository: string,
  items: readonly Item[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const lines = items.map(({ digest, place }) => {
    const hex = hexOf(digest);
    return place === layerPlace(digest) ? `${hex} ${place}\n` : `${hex}\n`;
  });
  const argv = ['sh', '-c', OFFER, 'sealer', home, STORAGE, repository] as const;
  await host.exec({ argv, stdin: lines.join(''), signal, timeoutMs: UNPACKING_MS });
}

/**
 * Unpacks the layers that hold the rest of the registry's storage (documents, small blobs, links) beside it, then puts
 * each file in its place: blobs first, links after them. Killed at any point, it is done again from the kept layers.
 *
 * Where tags come to mean something else, other image versions count as not merged any more: going back to one of them
 * merges it again, without a byte over the network.
 * @throws SealerError COMMAND_FAILED, HOST_DISK_FULL, and what hosts throw
 */
export async function mergeImages(
  host: Host,
  home: string,
  image: DistributedImage,
  signal: AbortSignal | undefined,
): Promise<void> {
  const aliases = image.aliases.map(({ repository, alias }) => `alias\n${repository} ${alias}\n`);
  const stdin = stepLines(image.merge) + aliases.join('') + noteLines(image.images);
  const argv = ['sh', '-c', MERGE, 'sealer', home, STORAGE, notesPlace(image.digest)] as const;
  await host.exec({ argv, stdin, signal, timeoutMs: UNPACKING_MS });
}

const OFFER = `set -eu
umask 022
cd "$1"
storage=$2 links=$2/repositories/$3/_layers/sha256
while read -r hex place; do
  if [ -n "$place" ]; then
    blob=$storage/blobs/sha256/$(printf %.2s "$hex")/$hex
    if ! [ "$place" -ef "$blob/data" ]; then mkdir -p "$blob"; ln -f "$place" "$blob/data"; fi
  fi
  if ! [ -e "$links/$hex/link" ]; then
    mkdir -p "$links/$hex"
    printf 'sha256:%s' "$hex" >"$links/$hex/link.new"
    mv -f "$links/$hex/link.new" "$links/$hex/link"
  fi
done
`;

const MERGE = `set -eu
umask 022
cd "$1"
storage=$2 notes=$3 tmp=registry.tmp
mkdir -p "$notes"
rm -rf -- "$tmp"
mkdir -- "$tmp"
mkdir -p "$tmp/$storage/blobs" "$tmp/$storage/repositories" "$storage/blobs" "$storage/repositories"
exec 3>"$notes/images.new"
while IFS= read -r verb && IFS= read -r value; do
  case $verb in
${UNPACK_CASES}
    alias)
      from=$tmp/$storage/repositories/\${value% *} to=$tmp/$storage/repositories/\${value#* }
      if [ -d "$from" ] && ! [ -e "$to" ]; then mkdir -p "\${to%/*}"; cp -al "$from" "$to"; fi ;;
  esac
done
exec 3>&-
(cd "$tmp" && find registry -type f) >"$notes/registry.new"
(cd "$tmp" && find "$storage/repositories" -path '*/_manifests/tags/*/current/link') | while IFS= read -r link; do
  if [ -e "$link" ] && ! cmp -s "$link" "$tmp/$link"; then echo "$link"; fi
done >"$notes/changed"
if [ -s "$notes/changed" ]; then rm -f images/*/merged; fi
rm -f "$notes/changed"
mv -f "$notes/images.new" "$notes/images"
mv -f "$notes/registry.new" "$notes/registry"
cp -alf "$tmp/$storage/blobs/." "$storage/blobs/"
cp -alf "$tmp/$storage/." "$storage/"
rm -rf -- "$tmp"
sync -f registry 2>/dev/null || sync
: >"$notes/merged"
`;

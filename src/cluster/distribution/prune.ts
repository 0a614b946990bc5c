/** Removing what no kept image version needs: rootfs folders, kept layers, files of the registry's storage. */

import type { Host } from '../../hosts/host.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import { inParallel } from '../../parallel.ts';
import { UNPACKING_MS } from './unpack.ts';

export interface PruneOptions {
  /** The cluster's folder on hosts. */
  readonly home: string;
  /** Hosts at a time. Default: 32. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Removes image versions from hosts. What an image needs was noted on each host when it came there.
 * @param keep digests of the manifests to keep: the current one, the one before, those of apps
 * @throws SealerError COMMAND_FAILED, and what hosts throw
 */
export async function pruneHosts(
  hosts: readonly Host[],
  keep: readonly Digest[],
  { home, limit = 32, signal }: PruneOptions,
): Promise<void> {
  const argv = ['sh', '-c', PROGRAM, 'sealer', home, ...keep.map(shortDigest)] as const;
  await inParallel(hosts, limit, (host) => host.exec({ argv, signal, timeoutMs: UNPACKING_MS }));
}

/**
 * A blob is kept as long as one list names it; a layer that the registry gives away is a hard link of the kept layer and
 * goes with it. Folders that got empty go too. The notes of removed images go last, so that a prune can be killed.
 */
const PROGRAM = `set -eu
LC_ALL=C
export LC_ALL
cd "$1" 2>/dev/null || exit 0
shift
is_kept() { for each in "$@"; do [ "$each" != "$name" ] || return 0; done; return 1; }
for folder in rootfs/*; do
  [ -d "$folder" ] || continue
  name=\${folder#rootfs/}
  name=\${name%%.*}
  is_kept "$@" || rm -rf -- "$folder"
done
[ -d images ] || exit 0
: >images/kept
removed=0
for folder in images/*/; do
  [ -d "$folder" ] || continue
  name=\${folder#images/}
  name=\${name%/}
  if is_kept "$@"; then
    for list in items images registry; do
      if [ -f "images/$name/$list" ]; then cat "images/$name/$list" >>images/kept; fi
    done
  else
    removed=1
  fi
done
if [ $removed = 1 ]; then
  storage=registry/docker/registry/v2
  sed -n "s|^layers/\\(\\(..\\).*\\)$|$storage/blobs/sha256/\\2/\\1/data|p" images/kept >images/links
  sed -n 's|^.*/\\([0-9a-f]\\{64\\}\\)\\(/data\\)\\{0,1\\}$|\\1|p' images/kept | sort -u >images/digests
  sort -u images/kept images/links >images/wanted
  find layers registry -type f 2>/dev/null | grep -v "^$storage/repositories/sealer/" | sort -u >images/there
  comm -23 images/there images/wanted | while IFS= read -r path; do rm -f -- "$path"; done
  for link in "$storage"/repositories/sealer/*/_layers/sha256/*; do
    [ -d "$link" ] || continue
    grep -qx "\${link##*/}" images/digests || rm -rf -- "$link"
  done
  if [ -d registry ]; then find registry -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || :; fi
fi
for folder in images/*/; do
  [ -d "$folder" ] || continue
  name=\${folder#images/}
  name=\${name%/}
  is_kept "$@" || rm -rf -- "$folder"
done
rm -f images/kept images/links images/digests images/wanted images/there
`;

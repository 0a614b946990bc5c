/** What runs on a host to lay out an image's archives for k3s: POSIX sh, with coreutils' or busybox's tools. */

/**
 * Arguments: the rootfs, the data folder, names. Puts the archives of images where k3s imports them from at its start,
 * as links where the file system allows, takes away those of another image, and prints which names are free for us.
 */
export const PRELOAD = `
set -eu
from=$1/images to=$2/agent/images
shift 2
mkdir -p "$to"
for file in "$from"/*; do
  case $file in *.tar | *.tar.gz | *.tgz | *.tar.zst | *.tar.lz4 | *.tar.bz2) ;; *) continue ;; esac
  name=sealer-\${file##*/}
  [ "$file" -ef "$to/$name" ] && continue
  if [ -f "$to/$name" ] && cmp -s "$file" "$to/$name"; then continue; fi
  rm -f "$to/../.sealer-image"
  ln "$file" "$to/../.sealer-image" 2>/dev/null || cp "$file" "$to/../.sealer-image"
  mv -f "$to/../.sealer-image" "$to/$name"
done
for file in "$to"/sealer-*; do
  [ -e "$file" ] || continue
  name=\${file##*/}
  [ -e "$from/\${name#sealer-}" ] || rm -f "$file"
done
for name in "$@"; do
  if [ "$(readlink "/usr/local/bin/$name" 2>/dev/null)" = k3s ] || ! command -v "$name" >/dev/null; then
    printf '%s\\n' "$name"
  fi
done
`;

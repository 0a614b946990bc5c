/** Laying the rootfs out on a host, from the layers that it keeps. */

import type { Host } from '../../hosts/host.ts';
import type { Item } from './item.ts';
import { notesPlace, rootfsPlace } from './places.ts';
import type { DistributedImage } from './read-image.ts';
import type { UnpackStep } from './unpack-steps.ts';

/** Unpacking is as slow as the host's disk. */
export const UNPACKING_MS = 60 * 60_000;

/**
 * Unpacks the rootfs of an image whose layers are on the host. It appears under its name when it is whole, so a host that
 * was killed meanwhile starts anew.
 * @param home the cluster's folder on the host
 * @throws SealerError COMMAND_FAILED, HOST_DISK_FULL, and what hosts throw
 */
export async function unpackRootfs(
  host: Host,
  home: string,
  image: DistributedImage,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stdin = stepLines(image.unpack) + noteLines(image.files);
  const argv = ['sh', '-c', PROGRAM, 'sealer', home, rootfsPlace(image.digest), notesPlace(image.digest)] as const;
  await host.exec({ argv, stdin, signal, timeoutMs: UNPACKING_MS });
}

/** Steps as a program on a host reads them: two lines each. */
export function stepLines(steps: readonly UnpackStep[]): string {
  return steps.map(({ verb, value }) => `${verb}\n${value}\n`).join('');
}

/** The same for the places of items, which a prune has to know later. */
export function noteLines(items: readonly Item[]): string {
  return items.map(({ place }) => `note\n${place}\n`).join('');
}

/**
 * The verbs of `UnpackStep`, as a case of a program that unpacks into `$tmp`. Owners are root, whatever the layer says.
 * tar gets no standard input: that is the list of steps.
 */
export const UNPACK_CASES = `
    none) tar -C "$tmp" -xpof "$value" </dev/null ;;
    gzip) tar -C "$tmp" -xpozf "$value" </dev/null ;;
    zstd) command -v zstd >/dev/null || { echo 'a layer is compressed with zstd, which is not on this host' >&2; exit 1; }
      zstd -dcq <"$value" >"$tmp.tar"; tar -C "$tmp" -xpof "$tmp.tar" </dev/null; rm -f "$tmp.tar" ;;
    remove) rm -rf -- "$tmp/$value" ;;
    empty) if [ -d "$tmp/$value" ]; then find "$tmp/$value" -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +; fi ;;
    note) printf '%s\\n' "$value" >&3 ;;
`;

const PROGRAM = `set -eu
umask 022
cd "$1"
target=$2 notes=$3 tmp=$2.tmp
mkdir -p "$notes" rootfs
rm -rf -- "$tmp"
if [ -d "$target" ]; then cat >/dev/null; exit 0; fi
mkdir -- "$tmp"
exec 3>"$notes/items.new"
while IFS= read -r verb && IFS= read -r value; do
  case $verb in
${UNPACK_CASES}
  esac
done
exec 3>&-
mv -f "$notes/items.new" "$notes/items"
sync -f "$tmp" 2>/dev/null || sync
mv -- "$tmp" "$target"
`;

/**
 * Files of the rootfs that are a cluster's or a host's own: Config documents and rendered templates. The files that the
 * image brought are kept beside, so that another overlay starts from them again.
 */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import type { Digest } from '../../oci/digest.ts';
import { createDigester } from '../../oci/digest.ts';
import { BLOCK_BYTES, END_OF_ARCHIVE, encodeHeader, paddingOf } from '../../oci/tar/index.ts';

export interface OverlayFile {
  /** Relative to the rootfs. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** The digest of an overlay: the same for the same files in any order. */
export function overlayDigest(files: readonly OverlayFile[]): Digest {
  const digester = createDigester();
  for (const file of sorted(files)) {
    const content = Buffer.from(file.content);
    digester.update(Buffer.from(`${file.path}\0${file.mode}\0${content.byteLength}\0`));
    digester.update(content);
  }
  return digester.digest();
}

/**
 * Makes a rootfs what the image brought with these files over it, and nothing of an earlier overlay. Killed at any point,
 * it can be done again.
 * @param rootfs its folder on the host
 * @param digest of `overlayDigest`
 * @returns whether anything had to be done
 * @throws SealerError CLUSTERFILE_INVALID for a path that leads out of the rootfs; COMMAND_FAILED, and what hosts throw
 */
export async function applyOverlay(
  host: Host,
  rootfs: string,
  files: readonly OverlayFile[],
  digest: Digest,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const { signal } = options;
  const applied = await host.readText(`${rootfs}.overlay/digest`, { signal });
  if (applied?.trim() === digest || (applied === undefined && files.length === 0)) return false;
  const argv = ['sh', '-c', PROGRAM, 'sealer', rootfs, digest] as const;
  await host.exec({ argv, stdin: archiveOf(files), signal });
  return true;
}

function sorted(files: readonly OverlayFile[]): readonly OverlayFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function archiveOf(files: readonly OverlayFile[]): Buffer {
  const parts = sorted(files).flatMap(({ path, content, mode }) => {
    const bytes = Buffer.from(content);
    const header = encodeHeader({ path: checked(path), type: 'file', mode, size: bytes.byteLength, mtime: 0 });
    return [header, bytes, paddingOf(bytes.byteLength)];
  });
  // Some tars want whole records of 20 blocks from a pipe.
  const archive = Buffer.concat([...parts, END_OF_ARCHIVE]);
  const record = 20 * BLOCK_BYTES;
  return Buffer.concat([archive, Buffer.alloc((record - (archive.byteLength % record)) % record)]);
}

function checked(path: string): string {
  const parts = path.split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/[\0\n]/.test(path);
  if (isPlain) return path;
  throw new SealerError('CLUSTERFILE_INVALID', `${JSON.stringify(path)} is no path of a file in the rootfs`, {
    hint: 'Write it relative to the rootfs: etc/audit-policy.yml.',
  });
}

/**
 * Beside the rootfs: `pristine/` (files of the image that an overlay replaced, once kept never changed), `files` (what
 * is or may be overlaid) and `digest` (of what is overlaid, if it is whole).
 */
const PROGRAM = `set -eu
umask 022
rootfs=$1 state=$1.overlay
cd "$rootfs"
mkdir -p "$state/pristine"
rm -rf "$state/new" "$state/digest"
mkdir "$state/new"
tar -C "$state/new" -xpof -
(cd "$state/new" && find . -type f | sed 's|^\\./||') >"$state/paths"
touch "$state/files"
place() {
  case $2 in */*) mkdir -p "\${2%/*}" ;; esac
  cp -p "$1" "$2.sealer-new"
  mv -f "$2.sealer-new" "$2"
}
while IFS= read -r path; do
  if [ -f "$state/pristine/$path" ]; then place "$state/pristine/$path" "$path"; else rm -f "$path"; fi
done <"$state/files"
while IFS= read -r path; do
  if [ -f "$path" ] && ! [ -e "$state/pristine/$path" ]; then place "$path" "$state/pristine/$path"; fi
done <"$state/paths"
mv -f "$state/paths" "$state/files"
while IFS= read -r path; do place "$state/new/$path" "$path"; done <"$state/files"
rm -rf "$state/new"
printf '%s\\n' "$2" >"$state/digest.new"
mv -f "$state/digest.new" "$state/digest"
`;

/** How a layer is compressed, what its bytes start with, and what its media type is called. */

import { SealerError } from '../../error.ts';
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../media-types.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** As many bytes of the start of content as `detectCompression` wants to see. */
export const MAGIC_BYTES = 6;

/** The media type of a layer of ours (image-spec 1.1.1, media-types.md). */
export const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  none: OCI_LAYER,
  gzip: OCI_LAYER_GZIP,
  zstd: OCI_LAYER_ZSTD,
};

/**
 * What content is compressed with, by its first bytes. Anything unknown counts as not compressed.
 * @param head the first MAGIC_BYTES bytes, or fewer when there are no more
 * @throws SealerError CORRUPT_ARCHIVE for xz, bzip2 and lzip, which are known and not supported
 */
export function detectCompression(head: Uint8Array): Compression {
  if (startsWith(head, [0x1f, 0x8b])) return 'gzip';
  // RFC 8878 §3.1: a frame, or a skippable frame (zstd:chunked and seekable files may begin with one).
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return 'zstd';
  if (startsWith(head.subarray(1), [0x2a, 0x4d, 0x18]) && (head[0] ?? 0) >> 4 === 0x5) return 'zstd';
  for (const [name, magic] of UNSUPPORTED) {
    if (!startsWith(head, magic)) continue;
    throw new SealerError('CORRUPT_ARCHIVE', `The archive is compressed with ${name}, which is not supported`, {
      hint: `Decompress it first (${name} -d FILE), or compress it with gzip or zstd.`,
    });
  }
  return 'none';
}

/**
 * What a layer's media type says about its compression; `undefined` when it says nothing that we know. Takes Docker's
 * names (`.tar.gzip`) and those of non-distributable layers too.
 */
export function compressionOf(mediaType: string): Compression | undefined {
  if (/\.tar[.+]gzip$/.test(mediaType)) return 'gzip';
  if (/\.tar[.+]zstd$/.test(mediaType)) return 'zstd';
  if (/\.tar$/.test(mediaType)) return 'none';
  return undefined;
}

/** The bytes at the start; `undefined` may be any. */
type Magic = readonly (number | undefined)[];

const UNSUPPORTED: readonly (readonly [string, Magic])[] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  // The fourth byte is the level.
  ['bzip2', [0x42, 0x5a, 0x68, undefined, 0x31, 0x41]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50, 0x01]],
];

function startsWith(head: Uint8Array, magic: Magic): boolean {
  return head.length >= magic.length && magic.every((byte, i) => byte === undefined || head[i] === byte);
}

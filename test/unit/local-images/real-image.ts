/** An image whose config tells the digests of its layers' tars, as everything that unpacks images wants it. */

import { gzipSync } from 'node:zlib';
import { type Descriptor, describe } from '../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { serialize } from '../../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { tarOf } from '../archive/tar.ts';
import type { MadeImage } from '../cluster-image/image-maker.ts';

/**
 * An image of one layer with one file.
 * @param text the file's content, and what makes this image another one
 */
export function realImage(text: string, platform = 'linux/amd64'): MadeImage {
  const content = new Map<Digest, Buffer>();
  const keep = (bytes: Buffer, mediaType: string): Descriptor => {
    const descriptor = describe(bytes, mediaType);
    content.set(descriptor.digest, bytes);
    return descriptor;
  };
  const tar = tarOf([{ path: 'file', content: text }]);
  const layer = keep(gzipSync(tar), OCI_LAYER_GZIP);
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
  const config = keep(serialize({ ...parsePlatform(platform), rootfs }), OCI_CONFIG);
  const root = keep(serialize({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }), OCI_MANIFEST);
  return { root, content };
}

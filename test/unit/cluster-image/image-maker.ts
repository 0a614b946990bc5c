/** Small container images made in memory, and a registry client that has them. */

import { gzipSync } from 'node:zlib';
import type { NamedImage } from '../../../src/discover/index.ts';
import { SealerError } from '../../../src/error.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { describe } from '../../../src/oci/descriptor.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { type Document, parseDocument, serialize } from '../../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { formatReference, manifestReference, parseReference, type Reference } from '../../../src/oci/reference.ts';
import type { Ingest } from '../../../src/oci/store/index.ts';
import { noise } from '../../lab/scratch.ts';

export interface MadeImage {
  readonly root: Descriptor;
  /** All content, the root included. */
  readonly content: ReadonlyMap<Digest, Buffer>;
}

/** A layer as registries have it; its content is noise, so it does not get smaller. */
export function gzipLayer(seed: string, size: number): Buffer {
  return gzipSync(noise(size, seed), { level: 1 });
}

/** An image for one platform. */
export function makeImage(layers: readonly Buffer[], platform = 'linux/amd64'): MadeImage {
  const content = new Map<Digest, Buffer>();
  const keep = (bytes: Buffer, mediaType: string): Descriptor => {
    const descriptor = describe(bytes, mediaType);
    content.set(descriptor.digest, bytes);
    return descriptor;
  };
  const described = layers.map((bytes) => keep(bytes, OCI_LAYER_GZIP));
  const diffIds = described.map(({ digest }) => digest);
  const configBytes = serialize({ ...parsePlatform(platform), rootfs: { type: 'layers', diff_ids: diffIds } });
  const config = keep(configBytes, OCI_CONFIG);
  const root = keep(serialize({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: described }), OCI_MANIFEST);
  return { root, content };
}

/** An index over images of several platforms; a key of `unknown/unknown` makes an attestation. */
export function makeIndex(images: Readonly<Record<string, MadeImage>>): MadeImage {
  const content = new Map<Digest, Buffer>();
  const manifests = Object.entries(images).map(([platform, image]) => {
    for (const [digest, bytes] of image.content) content.set(digest, bytes);
    const [os, architecture, variant] = platform.split('/');
    return platform === '' ? image.root : { ...image.root, platform: { os, architecture, variant } };
  });
  const bytes = serialize({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  const root = describe(bytes, OCI_INDEX);
  return { root, content: content.set(root.digest, bytes) };
}

/** A registry client in memory that counts what is asked of it. */
export class FakeClient {
  readonly requests: string[] = [];
  readonly broken = new Set<Digest>();
  readonly #names = new Map<string, MadeImage>();

  put(name: string, image: MadeImage): this {
    this.#names.set(formatReference(parseReference(name)), image);
    return this;
  }

  async resolve(reference: Reference): Promise<Descriptor> {
    this.requests.push(`HEAD ${formatReference(reference)}`);
    return this.#image(reference).root;
  }

  async document(reference: Reference): Promise<Document> {
    this.requests.push(`GET ${formatReference(reference)}`);
    const bytes = this.#bytes(reference, manifestReference(reference));
    return parseDocument(bytes);
  }

  async fetchBlob(
    reference: Reference,
    blob: Descriptor,
    ingest: Ingest,
    onBytes?: (count: number) => void,
  ): Promise<void> {
    this.requests.push(`BLOB ${reference.repository} ${blob.digest}`);
    if (this.broken.has(blob.digest)) throw new SealerError('REGISTRY_UNREACHABLE', `${reference.registry} is down`);
    const bytes = this.#bytes(reference, blob.digest).subarray(ingest.offset);
    await ingest.write(bytes);
    onBytes?.(bytes.byteLength);
  }

  #image(reference: Reference): MadeImage {
    const found = this.#names.get(formatReference(reference));
    if (found === undefined) throw new SealerError('IMAGE_NOT_FOUND', `${formatReference(reference)} does not exist`);
    return found;
  }

  #bytes({ registry, repository }: Reference, digest: string): Buffer {
    for (const [name, { content }] of this.#names) {
      const named = parseReference(name);
      if (named.registry !== registry || named.repository !== repository) continue;
      for (const [each, bytes] of content) if (each === digest) return bytes;
    }
    throw new SealerError('IMAGE_NOT_FOUND', `${registry}/${repository}@${digest} does not exist`);
  }
}

/** Images as discovery hands them on, each named in the given file. */
export function named(...images: (string | [name: string, file: string, app?: string])[]): NamedImage[] {
  return images.map((each) => {
    const [text, file, app] = typeof each === 'string' ? [each, 'imageList'] : each;
    const reference = parseReference(text);
    const finding = {
      reference,
      text,
      at: { file, line: 1, column: 1 },
      finder: 'workload',
      certainty: 'certain',
    } as const;
    return { reference, findings: [app === undefined ? finding : { ...finding, app }] };
  });
}

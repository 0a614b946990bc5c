/** Images, indexes and artifacts of every kind that the spec's own suite pushes, under the names that it prints. */

import { type Algorithm, type Blob, blobOf, randomBlob } from './client.ts';

export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const EMPTY = 'application/vnd.oci.empty.v1+json';
const ARTIFACT = 'application/vnd.example.sbom.v1';

export interface Manifest extends Blob {
  readonly mediaType: string;
  readonly json: Record<string, unknown>;
}

export interface DataSet {
  readonly name: string;
  readonly blobs: readonly Blob[];
  /** Children first. */
  readonly manifests: readonly Manifest[];
  /** Of the last manifest. */
  readonly tag?: string;
  /** What a registry may refuse with MANIFEST_BLOB_UNKNOWN; ours does. */
  readonly refused?: boolean;
}

type Json = Record<string, unknown>;

class Builder {
  readonly blobs: Blob[] = [];
  readonly manifests: Manifest[] = [];
  readonly algorithm: Algorithm;

  constructor(algorithm: Algorithm = 'sha256') {
    this.algorithm = algorithm;
  }

  blob(mediaType: string, blob: Blob = randomBlob(512, this.algorithm), extra: Json = {}): Json {
    this.blobs.push(blob);
    return { mediaType, digest: blob.digest, size: blob.bytes.length, ...extra };
  }

  empty(): Json {
    return this.blob(EMPTY, blobOf('{}', this.algorithm), { data: 'e30=' });
  }

  image(extra: Json = {}, layer = `${LAYER}+gzip`): Manifest {
    const config = this.blob(CONFIG);
    return this.manifest(MANIFEST, { config, layers: [this.blob(layer), this.blob(layer)], ...extra });
  }

  artifact(extra: Json = {}): Manifest {
    const parts = { artifactType: ARTIFACT, config: this.empty(), layers: [this.blob(ARTIFACT)] };
    return this.manifest(MANIFEST, { ...parts, ...extra });
  }

  index(children: readonly Json[], extra: Json = {}): Manifest {
    return this.manifest(INDEX, { manifests: children, ...extra });
  }

  manifest(mediaType: string, fields: Json): Manifest {
    const json = { schemaVersion: 2, mediaType, ...fields };
    const made = { ...blobOf(JSON.stringify(json), this.algorithm), mediaType, json };
    this.manifests.push(made);
    return made;
  }

  done(name: string, rest: Partial<DataSet> = {}): DataSet {
    return { name, blobs: this.blobs, manifests: this.manifests, ...rest };
  }
}

/** Points to a manifest. */
export function pointer({ mediaType, digest, bytes }: Manifest, extra: Json = {}): Json {
  return { mediaType, digest, size: bytes.length, ...extra };
}

const AMD64 = { platform: { os: 'linux', architecture: 'amd64' } };
const ARM64 = { platform: { os: 'linux', architecture: 'arm64' } };
const MISSING = { mediaType: MANIFEST, digest: blobOf('missing content').digest, size: 123 };
const NOTES = { annotations: { 'org.opencontainers.conformance': 'hello' } };

/** All data sets, with fresh content. */
export function dataSets(): DataSet[] {
  return [
    build('Image', (b) => b.image()),
    build('Image Uncompressed', (b) => b.image({}, LAYER)),
    build('Index', (b) => b.index([pointer(b.image(), AMD64), pointer(b.image(), ARM64)])),
    build('Nested Index', (b) => {
      const inner = () => pointer(b.index([pointer(b.image(), AMD64), pointer(b.image(), ARM64)]));
      b.index([inner(), inner()]);
    }),
    build('Artifact', (b) => b.artifact()),
    build('Artifact Index', (b) => b.index([pointer(b.artifact()), pointer(b.artifact())], { artifactType: ARTIFACT })),
    build('Artifact without Layers', (b) => b.artifact({ layers: [b.empty()] })),
    build('Artifacts with Subject', (b) => {
      const subject = pointer(b.image());
      b.image({ subject });
      b.artifact({ subject, ...NOTES });
    }),
    build('Index with Subject', (b) => {
      const subject = pointer(b.index([pointer(b.image(), AMD64)]));
      b.index([pointer(b.artifact())], { artifactType: ARTIFACT, subject, ...NOTES });
    }),
    build('Missing Subject', (b) => b.artifact({ subject: MISSING })),
    build('Data Field', (b) => {
      const config = randomBlob(64);
      const data = { data: config.bytes.toString('base64') };
      b.manifest(MANIFEST, { config: b.blob(CONFIG, config, data), layers: [b.blob(`${LAYER}+gzip`)] });
    }),
    build('Non-distributable Layers', (b) => {
      const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
      const layers = [{ mediaType, digest: randomBlob().digest, size: 512, urls: ['https://store.example.org'] }];
      b.manifest(MANIFEST, { config: b.blob(CONFIG), layers });
    }),
    build('Custom Fields', (b) => b.image({ 'org.example.custom': { deep: [1, 2] } })),
    build('No Layers', (b) => b.manifest(MANIFEST, { config: b.blob(CONFIG), layers: [] })),
    build('Empty Index', (b) => b.index([])),
    build('Large Manifest', (b) => {
      const entries = Array.from({ length: 410 }, (_, i) => [`large-${i}`, 'A'.repeat(10_000)]);
      b.image({ annotations: Object.fromEntries(entries) });
    }),
    build('Sparse Index', (b) => b.index([pointer(b.image(), AMD64), { ...MISSING, ...ARM64 }])),
    build(
      'Sparse Image',
      (b) => {
        const layers = [{ mediaType: `${LAYER}+gzip`, digest: randomBlob().digest, size: 512 }];
        b.manifest(MANIFEST, { config: b.blob(CONFIG), layers });
      },
      { refused: true },
    ),
    build('Digest Algorithm sha512', (b) => b.index([pointer(b.image(), AMD64)]), {}, 'sha512'),
  ];
}

function build(
  name: string,
  fill: (builder: Builder) => unknown,
  rest: Partial<DataSet> = {},
  algorithm: Algorithm = 'sha256',
): DataSet {
  const builder = new Builder(algorithm);
  fill(builder);
  // A tag stands for a sha256 digest, unless it comes as a parameter of a push by digest.
  const tag = algorithm === 'sha256' ? { tag: name.toLowerCase().replaceAll(' ', '-') } : {};
  return builder.done(name, { ...tag, ...rest });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { type ImageIndex, parseDocument, selectPlatform, serialize } from '../../../src/oci/manifest.ts';
import { DOCKER_LIST, OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';

const blob = (mediaType: string) => ({ mediaType, digest: digestOf('x'), size: 1 });
const manifest = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: blob(OCI_CONFIG),
  layers: [blob(OCI_LAYER_GZIP)],
};

test('the bytes of a manifest are kept as they came, unknown fields and odd white space included', () => {
  const bytes = Buffer.from(JSON.stringify({ ...manifest, 'x-unknown': { a: 1 } }, null, 7));
  const document = parseDocument(bytes, OCI_MANIFEST);
  assert.equal(document.kind, 'manifest');
  assert.ok(document.bytes.equals(bytes));
  assert.equal(document.descriptor.digest, digestOf(bytes));
  assert.ok(document.kind === 'manifest' && 'x-unknown' in document.manifest);
});

test('a manifest without a mediaType of its own is known by its fields', () => {
  const { mediaType: _, ...bare } = manifest;
  assert.equal(parseDocument(serialize(bare)).descriptor.mediaType, OCI_MANIFEST);
  assert.equal(parseDocument(serialize({ schemaVersion: 2, manifests: [] })).descriptor.mediaType, OCI_INDEX);
});

test('an empty index is an index', () => {
  assert.equal(parseDocument(serialize({ schemaVersion: 2, manifests: [] }), OCI_INDEX).kind, 'index');
});

for (const [what, document, type] of [
  ['both manifests and layers', { ...manifest, manifests: [] }, OCI_MANIFEST],
  ['a type that is not its own', manifest, DOCKER_LIST],
  ['schema version 1', { ...manifest, schemaVersion: 1 }, OCI_MANIFEST],
  ['a config that is no descriptor', { ...manifest, config: 'x' }, OCI_MANIFEST],
  ['a layer with a negative size', { ...manifest, layers: [{ ...blob(OCI_LAYER_GZIP), size: -1 }] }, OCI_MANIFEST],
  [
    'a layer with a path for a digest',
    { ...manifest, layers: [{ ...blob('x'), digest: 'sha256:../../etc' }] },
    OCI_MANIFEST,
  ],
  ['no layers', { ...manifest, layers: undefined }, OCI_MANIFEST],
  ['a list at the top', [], OCI_MANIFEST],
] as const) {
  test(`a manifest with ${what} is refused`, () => {
    assert.throws(() => parseDocument(serialize(document), type), { code: 'INVALID_MANIFEST' });
  });
}

test('what is not JSON is refused', () => {
  assert.throws(() => parseDocument(Buffer.from('<html>')), { code: 'INVALID_MANIFEST' });
});

const index: ImageIndex = {
  schemaVersion: 2,
  manifests: [
    { ...blob(OCI_MANIFEST), digest: digestOf('amd64'), platform: { os: 'linux', architecture: 'amd64' } },
    {
      ...blob(OCI_MANIFEST),
      digest: digestOf('arm64'),
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    },
  ],
};

test('the manifest of a platform is chosen', () => {
  assert.equal(selectPlatform(index, parsePlatform('arm64'), 'app').digest, digestOf('arm64'));
});

test('a missing platform is an error that names what there is', () => {
  assert.throws(() => selectPlatform(index, parsePlatform('linux/s390x'), 'app:v1'), {
    code: 'PLATFORM_NOT_FOUND',
    message: /app:v1 has no image for linux\/s390x/,
    hint: /linux\/amd64, linux\/arm64/,
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { makeSbom, type SpdxDocument, serializeDocument } from '../../../src/attest/index.ts';
import { hexOf } from '../../../src/oci/digest.ts';
import { type BuiltSetting, buildCluster, ELF } from './setting.ts';

describe('the SBOM of a cluster image', () => {
  let built: BuiltSetting;
  let amd64: SpdxDocument;

  before(async () => {
    built = await buildCluster();
    amd64 = await sbomOf(0);
  });
  after(() => built[Symbol.asyncDispose]());

  async function sbomOf(platform: number): Promise<SpdxDocument> {
    const { store } = built.setting;
    const document = await store.document(built.result.platforms[platform]?.manifest.digest ?? built.result.digest);
    assert.ok(document.kind === 'manifest');
    return await makeSbom(store, document, { version: '1.2.3' });
  }

  const purls = ({ packages }: SpdxDocument): readonly string[] =>
    packages.flatMap(({ externalRefs = [] }) => externalRefs.map(({ referenceLocator }) => referenceLocator));

  test('names each container image by the digest of its manifest for the platform', async () => {
    const { webDigest, webImage } = built;
    const of = (document: SpdxDocument) => purls(document).filter((each) => each.startsWith('pkg:oci/web@'));
    const [x86, arm] = [of(amd64), of(await sbomOf(1))];
    assert.equal(x86.length, 1);
    assert.match(
      x86[0] ?? '',
      /^pkg:oci\/web@sha256%3A[a-f0-9]{64}\?arch=amd64&repository_url=127\.0\.0\.1%3A\d+\/team\/web&tag=1$/,
    );
    assert.match(arm[0] ?? '', /\?arch=arm64&/);
    assert.notEqual(x86[0]?.slice(0, 90), arm[0]?.slice(0, 90));
    const entry = amd64.packages.find(({ name }) => name === webImage.replace(/:1$/, ''));
    assert.match(entry?.sourceInfo ?? '', new RegExp(hexOf(webDigest)));
  });

  test('names every chart, also those inside a packed one, and nothing that is no chart', () => {
    const charts = purls(amd64).filter((each) => each.startsWith('pkg:helm/'));
    assert.deepEqual([...charts].sort(), ['pkg:helm/inner@0.1.0', 'pkg:helm/outer@2.0.0', 'pkg:helm/shop@1.2.3']);
    const licenses = new Map(amd64.packages.map(({ name, licenseDeclared }) => [name, licenseDeclared]));
    assert.equal(licenses.get('shop'), 'Apache-2.0');
    assert.equal(licenses.get('outer'), 'NOASSERTION');
  });

  test('has every program with its checksums, and no other file', () => {
    const files = new Map((amd64.files ?? []).map((file) => [file.fileName, file]));
    assert.deepEqual([...files.keys()], ['./bin/helper', './bin/kubectl', './opt/lib/tool']);
    const sha256 = createHash('sha256').update(ELF).digest('hex');
    assert.ok(files.get('./bin/kubectl')?.checksums.some(({ checksumValue }) => checksumValue === sha256));
    assert.deepEqual(
      [files.get('./bin/kubectl')?.fileTypes, files.get('./bin/helper')?.fileTypes],
      [['BINARY'], ['OTHER']],
    );
  });

  test('relates everything that it has, once, by names that are unique', () => {
    const ids = [...amd64.packages, ...(amd64.files ?? [])].map(({ SPDXID }) => SPDXID);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^SPDXRef-[A-Za-z0-9.-]+$/);
    const related = amd64.relationships.map(({ relatedSpdxElement }) => relatedSpdxElement);
    assert.deepEqual([...related].sort(), [...ids].sort());
  });

  test('is the same to the byte when it is made again', async () => {
    assert.ok(serializeDocument(await sbomOf(0)).equals(serializeDocument(amd64)));
  });
});

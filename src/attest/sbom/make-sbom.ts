/**
 * The software bill of materials of a cluster image, made from what its layers hold: every container image, every chart
 * and every program. The same image gives the same bytes; what is not known is not guessed.
 */

import { algorithmOf, type Digest, digestOf, hexOf, isDigest } from '../../oci/digest.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import type { ImageManifest, ManifestDocument } from '../../oci/manifest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { familiarReference, parseReference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { type CarriedManifest, carriedManifests } from './container-images.ts';
import {
  NOASSERTION,
  type SpdxChecksum,
  type SpdxDocument,
  type SpdxFile,
  type SpdxPackage,
  type SpdxRelationship,
} from './document.ts';
import { ownFiles, type PlacedChart, type Program } from './files.ts';
import { declaredLicense } from './license.ts';
import { helmPurl, ociPurl } from './purl.ts';

const OCI_ANNOTATION = 'org.opencontainers.image';
const ROOT = 'SPDXRef-ClusterImage';

/**
 * Makes the SBOM of one platform.
 * @param document the manifest of the cluster image for it
 * @param version of sealer, which goes into the document as its creator
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH and others of the layers
 */
export async function makeSbom(
  store: Store,
  { manifest, descriptor }: ManifestDocument,
  { version, signal }: { readonly version: string; readonly signal?: AbortSignal | undefined },
): Promise<SpdxDocument> {
  const images = (await carriedManifests(store, manifest, signal)).map(imagePackage);
  const { programs, charts } = await ownFiles(store, manifest, signal);
  const platform = formatPlatform(parseImageConfig(await store.bytes(manifest.config.digest)));
  const base = basePackage(manifest);
  const contained = unique([...images, ...charts.map(chartPackage)]);
  const files = programs.map(programFile);
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `cluster-image ${platform} ${descriptor.digest}`,
    documentNamespace: `https://spdx.org/spdxdocs/sealer-cluster-image-${hexOf(descriptor.digest)}`,
    creationInfo: { created: createdAt(manifest), creators: [`Tool: sealer-${version}`] },
    packages: [rootPackage(manifest, descriptor.digest, platform), ...base, ...contained],
    ...(files.length === 0 ? {} : { files }),
    relationships: [
      relation('SPDXRef-DOCUMENT', 'DESCRIBES', ROOT),
      ...base.map(({ SPDXID }) => relation(ROOT, 'DESCENDANT_OF', SPDXID)),
      ...[...contained, ...files].map(({ SPDXID }) => relation(ROOT, 'CONTAINS', SPDXID)),
    ],
  };
}

/** The image's own time, so that the same image gives the same document. SPDX wants whole seconds of UTC. */
function createdAt({ annotations = {} }: ImageManifest): string {
  const time = Date.parse(annotations[`${OCI_ANNOTATION}.created`] ?? '');
  return new Date(Number.isNaN(time) ? 0 : time).toISOString().replace(/\.\d+Z$/, 'Z');
}

const UNKNOWN = { downloadLocation: NOASSERTION, filesAnalyzed: false, licenseConcluded: NOASSERTION } as const;

function rootPackage({ annotations = {} }: ImageManifest, digest: Digest, platform: string): SpdxPackage {
  return {
    SPDXID: ROOT,
    name: annotations[`${OCI_ANNOTATION}.title`] ?? 'cluster-image',
    versionInfo: annotations[`${OCI_ANNOTATION}.version`] ?? digest,
    ...UNKNOWN,
    checksums: [checksumOf(digest)],
    ...declaredLicense(annotations[`${OCI_ANNOTATION}.licenses`]),
    copyrightText: NOASSERTION,
    comment: `Cluster image for ${platform}`,
    primaryPackagePurpose: 'CONTAINER',
  };
}

/** What the image was built from; its files and images are in the image and so in this document. */
function basePackage({ annotations = {} }: ImageManifest): readonly SpdxPackage[] {
  const name = annotations[`${OCI_ANNOTATION}.base.name`];
  const digest = annotations[`${OCI_ANNOTATION}.base.digest`];
  if (name === undefined || digest === undefined || !isDigest(digest)) return [];
  const reference = parseReference(name);
  return [
    {
      SPDXID: idOf('Base', `${name} ${digest}`),
      name: familiarReference({ ...reference, tag: undefined, digest: undefined }),
      versionInfo: reference.tag ?? digest,
      ...UNKNOWN,
      checksums: [checksumOf(digest)],
      licenseDeclared: NOASSERTION,
      copyrightText: NOASSERTION,
      externalRefs: purl(ociPurl(reference, digest, undefined)),
      primaryPackagePurpose: 'CONTAINER',
    },
  ];
}

function imagePackage({ name, digest, index, platform, license, apps }: CarriedManifest): SpdxPackage {
  const reference = parseReference(name);
  return {
    SPDXID: idOf('Image', `${name} ${digest}`),
    name: familiarReference({ ...reference, tag: undefined, digest: undefined }),
    versionInfo: reference.tag ?? digest,
    ...UNKNOWN,
    checksums: [checksumOf(digest)],
    ...(index === undefined ? {} : { sourceInfo: `The manifest for this platform of the index ${index}` }),
    ...declaredLicense(license),
    copyrightText: NOASSERTION,
    ...(apps.length === 0 ? {} : { comment: `Needed by ${apps.join(', ')}` }),
    externalRefs: purl(ociPurl(reference, digest, platform?.architecture)),
    primaryPackagePurpose: 'CONTAINER',
  };
}

function chartPackage({ name, version, appVersion, license, path, sha256 }: PlacedChart): SpdxPackage {
  return {
    SPDXID: idOf('Chart', `${path} ${name} ${version}`),
    name,
    versionInfo: version,
    packageFileName: `./${path}`,
    ...UNKNOWN,
    ...(sha256 === undefined ? {} : { sourceInfo: `In ./${path}, whose SHA-256 is ${sha256}` }),
    ...declaredLicense(license),
    copyrightText: NOASSERTION,
    ...(appVersion === undefined ? {} : { comment: `Helm chart of ${name} ${appVersion}` }),
    externalRefs: purl(helmPurl(name, version)),
    primaryPackagePurpose: 'APPLICATION',
  };
}

function programFile({ path, isElf, sha1, sha256 }: Program): SpdxFile {
  return {
    SPDXID: idOf('File', path),
    fileName: `./${path}`,
    fileTypes: [isElf ? 'BINARY' : 'OTHER'],
    checksums: [
      { algorithm: 'SHA1', checksumValue: sha1 },
      { algorithm: 'SHA256', checksumValue: sha256 },
    ],
    licenseConcluded: NOASSERTION,
    licenseInfoInFiles: [NOASSERTION],
    copyrightText: NOASSERTION,
  };
}

function purl(locator: string): NonNullable<SpdxPackage['externalRefs']> {
  return [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator }];
}

function checksumOf(digest: Digest): SpdxChecksum {
  return { algorithm: algorithmOf(digest) === 'sha512' ? 'SHA512' : 'SHA256', checksumValue: hexOf(digest) };
}

/** IDs take letters, digits, dots and dashes only. */
function idOf(kind: string, key: string): string {
  return `SPDXRef-${kind}-${hexOf(digestOf(key)).slice(0, 24)}`;
}

function relation(from: string, relationshipType: SpdxRelationship['relationshipType'], to: string): SpdxRelationship {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

/** A chart that lies in two archives of one path is one. */
function unique(packages: readonly SpdxPackage[]): readonly SpdxPackage[] {
  return [...new Map(packages.map((each) => [each.SPDXID, each])).values()];
}

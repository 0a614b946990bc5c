/** SPDX 2.3 as JSON (spdx.github.io/spdx-spec/v2.3): the parts of it that a cluster image needs, in a fixed order. */

export interface SpdxDocument {
  readonly spdxVersion: 'SPDX-2.3';
  readonly dataLicense: 'CC0-1.0';
  readonly SPDXID: 'SPDXRef-DOCUMENT';
  readonly name: string;
  readonly documentNamespace: string;
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
  readonly packages: readonly SpdxPackage[];
  readonly files?: readonly SpdxFile[];
  readonly relationships: readonly SpdxRelationship[];
}

export interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo?: string;
  readonly packageFileName?: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: false;
  readonly checksums?: readonly SpdxChecksum[];
  readonly sourceInfo?: string;
  readonly licenseConcluded: string;
  readonly licenseDeclared: string;
  readonly licenseComments?: string;
  readonly copyrightText: string;
  readonly comment?: string;
  readonly externalRefs?: readonly {
    readonly referenceCategory: 'PACKAGE-MANAGER';
    readonly referenceType: 'purl';
    readonly referenceLocator: string;
  }[];
  readonly primaryPackagePurpose?: 'APPLICATION' | 'CONTAINER';
}

export interface SpdxFile {
  readonly SPDXID: string;
  /** `./bin/kubectl` */
  readonly fileName: string;
  readonly fileTypes: readonly ('BINARY' | 'OTHER')[];
  /** SHA1 is what SPDX 2.3 insists on. */
  readonly checksums: readonly SpdxChecksum[];
  readonly licenseConcluded: string;
  readonly licenseInfoInFiles: readonly string[];
  readonly copyrightText: string;
}

export interface SpdxChecksum {
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  readonly checksumValue: string;
}

export interface SpdxRelationship {
  readonly spdxElementId: string;
  readonly relationshipType: 'DESCRIBES' | 'CONTAINS' | 'DESCENDANT_OF';
  readonly relatedSpdxElement: string;
}

/** What SPDX says where nobody knows. */
export const NOASSERTION = 'NOASSERTION';

/** The document as bytes: the same for the same content. */
export function serializeDocument(document: SpdxDocument): Buffer {
  return Buffer.from(`${JSON.stringify(document, undefined, 1)}\n`);
}

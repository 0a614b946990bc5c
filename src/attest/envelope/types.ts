/** The names under which attestations are known: media types, artifact types, predicate types. */

/** sigstore's bundle, version 0.3 (sigstore/protobuf-specs, sigstore_bundle.proto): what cosign 3 and gh read and write. */
export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** SPDX as JSON (IANA). */
export const SPDX_TYPE = 'application/spdx+json';
/** An in-toto statement without a signature. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';

/** A signature of an image, as `cosign sign` makes it: the statement says nothing but which digest. */
export const SIGNATURE_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
/** SLSA provenance, version 1 (slsa.dev/spec/v1.0/provenance). */
export const PROVENANCE_PREDICATE = 'https://slsa.dev/provenance/v1';
/** An SPDX document as a predicate (in-toto/attestation, spec/predicates/spdx.md): `cosign verify-attestation --type spdxjson`. */
export const SPDX_PREDICATE = 'https://spdx.dev/Document';

/** Of bundles in any version: `application/vnd.dev.sigstore.bundle+json;version=0.2`, `….v0.3+json`. */
export function isBundleType(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.dev.sigstore.bundle');
}

/** What a statement is, for people: by its predicate's type. */
export function kindOf(predicateType: string): string {
  return KINDS[predicateType] ?? predicateType;
}

const KINDS: Readonly<Record<string, string>> = {
  [SIGNATURE_PREDICATE]: 'signature',
  [PROVENANCE_PREDICATE]: 'provenance',
  [SPDX_PREDICATE]: 'SBOM',
};

/** SBOMs, provenance and signatures of cluster images: made, attached, read and verified. */

export { type AttestOptions, attestImage, type MadeAttestation } from './attest-image.ts';
export { parseBundle } from './envelope/bundle.ts';
export { isAbout, parseStatement, type Statement } from './envelope/statement.ts';
export {
  isBundleType,
  kindOf,
  PROVENANCE_PREDICATE,
  SIGNATURE_PREDICATE,
  SPDX_PREDICATE,
  SPDX_TYPE,
  STATEMENT_TYPE,
} from './envelope/types.ts';
export { buildPlace } from './provenance/build-place.ts';
export { type BuildFacts, type Material, provenancePredicate } from './provenance/provenance.ts';
export { type Attached, attachedTo, contentOf } from './referrers/attached.ts';
export { type SpdxDocument, serializeDocument } from './sbom/document.ts';
export { makeSbom } from './sbom/make-sbom.ts';
export { sigstoreEndpoints } from './sign/endpoints.ts';
export { getIdentityToken, hasIdentity } from './sign/identity-token.ts';
export { keylessSigner } from './sign/keyless.ts';
export { readPrivateKey, readPublicKey } from './sign/keys.ts';
export { keySigner, type Signer } from './sign/signer.ts';
export {
  describeExpected,
  type Expected,
  type IdentityPolicy,
  type TrustPolicy,
} from './verify/policy.ts';
export type { SignedBy } from './verify/signed-by.ts';
export { type VerifiedAttestation, type VerifiedImage, verifyImage } from './verify/verify-image.ts';

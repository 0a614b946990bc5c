/** sigstore's libraries: a bundle of its own, which is loaded only where somebody signs or verifies without a key. */

export { bundleFromJSON, bundleToJSON } from '@sigstore/bundle';
export { TrustedRoot } from '@sigstore/protobuf-specs';
export { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } from '@sigstore/sign';
export { getTrustedRoot } from '@sigstore/tuf';
export { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';

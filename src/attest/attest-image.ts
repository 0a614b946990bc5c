/** SBOM, provenance and signature of an image of the store, attached to it there: push, save and prune take care of the rest. */

import { createPublicKey } from 'node:crypto';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ManifestDocument } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import type { Store } from '../oci/store/index.ts';
import { type Statement, serializeStatement } from './envelope/statement.ts';
import {
  BUNDLE_TYPE,
  PROVENANCE_PREDICATE,
  SIGNATURE_PREDICATE,
  SPDX_PREDICATE,
  SPDX_TYPE,
  STATEMENT_TYPE,
} from './envelope/types.ts';
import { type Attachment, attach } from './referrers/attach.ts';
import { type SpdxDocument, serializeDocument } from './sbom/document.ts';
import { makeSbom } from './sbom/make-sbom.ts';
import type { Signer } from './sign/signer.ts';
import { verifyAttestations } from './verify/verify-image.ts';

export interface AttestOptions {
  readonly sbom: boolean;
  /** The predicate, where provenance is wanted. */
  readonly provenance?: object | undefined;
  /** Signs the image, and every statement about it. Without a signer they are attached as they are. */
  readonly signer?: Signer | undefined;
  /** Of sealer. */
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
}

export interface MadeAttestation {
  readonly kind: 'sbom' | 'provenance' | 'signature';
  /** Of the manifest that was attached. */
  readonly digest: Digest;
  readonly subject: Digest;
  readonly signed: boolean;
}

/**
 * Attests an image: an SBOM for each platform that the store has, provenance and signature for the whole. What the key of the
 * signer has signed already is not signed again.
 * @param image its index or, for an image without one, its manifest
 * @throws SealerError what the layers and the signer throw
 */
export async function attestImage(
  store: Store,
  image: Descriptor,
  options: AttestOptions,
): Promise<readonly MadeAttestation[]> {
  const { sbom, provenance, signer, version, signal } = options;
  const made: MadeAttestation[] = [];
  if (sbom) {
    for (const document of await platformsOf(store, image)) {
      const content = await makeSbom(store, document, { version, signal });
      made.push(...(await attachSbom(store, document.descriptor, content, signer)));
    }
  }
  if (provenance !== undefined) {
    const statement = {
      subjects: [{ digest: image.digest }],
      predicateType: PROVENANCE_PREDICATE,
      predicate: provenance,
    };
    made.push(await attachStatement(store, image, 'provenance', statement, signer));
  }
  if (signer !== undefined) {
    const statement = { subjects: [{ digest: image.digest }], predicateType: SIGNATURE_PREDICATE, predicate: {} };
    made.push(await attachStatement(store, image, 'signature', statement, signer));
  }
  return made;
}

/** The document itself for tools that read it as it is; and, signed, as a statement for those that verify. */
async function attachSbom(
  store: Store,
  subject: Descriptor,
  document: SpdxDocument,
  signer: Signer | undefined,
): Promise<readonly MadeAttestation[]> {
  const plain = await attach(store, subject, {
    type: SPDX_TYPE,
    bytes: serializeDocument(document),
    title: 'sbom.spdx.json',
  });
  const made: MadeAttestation = { kind: 'sbom', digest: plain.digest, subject: subject.digest, signed: false };
  if (signer === undefined) return [made];
  const statement = { subjects: [{ digest: subject.digest }], predicateType: SPDX_PREDICATE, predicate: document };
  return [made, await attachStatement(store, subject, 'sbom', statement, signer)];
}

async function attachStatement(
  store: Store,
  subject: Descriptor,
  kind: MadeAttestation['kind'],
  statement: Statement,
  signer: Signer | undefined,
): Promise<MadeAttestation> {
  const known = await findSigned(store, subject, statement, signer);
  const digest = known ?? (await attach(store, subject, await attachmentOf(statement, signer))).digest;
  return { kind, digest, subject: subject.digest, signed: signer !== undefined };
}

/** cosign's annotations, by which it chooses what to fetch; and in-toto's for a statement that nobody signed. */
async function attachmentOf(statement: Statement, signer: Signer | undefined): Promise<Attachment> {
  const bytes = serializeStatement(statement);
  const { predicateType } = statement;
  if (signer === undefined) {
    return {
      type: STATEMENT_TYPE,
      bytes,
      title: 'statement.intoto.json',
      annotations: { 'in-toto.io/predicate-type': predicateType },
    };
  }
  return {
    type: BUNDLE_TYPE,
    bytes: await signer.sign(bytes),
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
    },
  };
}

/** A statement that the key of the signer has signed already; identities of a moment sign each time. */
async function findSigned(
  store: Store,
  subject: Descriptor,
  { predicateType, predicate }: Statement,
  signer: Signer | undefined,
): Promise<Digest | undefined> {
  if (signer?.key === undefined) return undefined;
  const policy = { kind: 'key', key: createPublicKey(signer.key) } as const;
  const { verified } = await verifyAttestations(store, [subject.digest], policy);
  const wanted = JSON.stringify(predicate);
  return verified.find(
    ({ statement }) => statement.predicateType === predicateType && JSON.stringify(statement.predicate) === wanted,
  )?.digest;
}

/** Manifests for platforms that are whole in the store; documents of other kinds are no images. */
async function platformsOf(store: Store, image: Descriptor): Promise<readonly ManifestDocument[]> {
  const document = await store.document(image.digest);
  if (document.kind === 'manifest') return [document];
  const found: ManifestDocument[] = [];
  for (const child of document.index.manifests) {
    if (!isManifestType(child.mediaType) || child.platform?.os === 'unknown') continue;
    if ((await store.stat(child.digest)) === undefined) continue;
    const below = await store.document(child.digest);
    if (below.kind === 'manifest') found.push(below);
  }
  return found;
}

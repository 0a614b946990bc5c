/**
 * sigstore bundles around DSSE envelopes: a statement, its signature, and what to check it with
 * (sigstore/protobuf-specs; secure-systems-lab/dsse). Only what signing with a key needs; certificates and logs are left
 * to sigstore's own libraries.
 */

import { SealerError } from '../../error.ts';
import { BUNDLE_TYPE, isBundleType, STATEMENT_TYPE } from './types.ts';

export interface SignedBundle {
  /** Of the envelope: what the signature is made over, with its type. */
  readonly payload: Buffer;
  readonly payloadType: string;
  readonly signature: Buffer;
  /** `key`: made with a key that the verifier has to know. `certificate`: the certificate is inside. */
  readonly by: 'key' | 'certificate';
  /** The document as it is. */
  readonly json: unknown;
}

/** Statements with thousands of images are a few megabytes; what is longer is made to fill the memory. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

/**
 * What the signature of an envelope is made over (DSSE v1, Pre-Authentication Encoding).
 */
export function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/**
 * A bundle of a statement that was signed with a key.
 * @param hint says which key; not what it is
 */
export function keyBundle(payload: Buffer, signature: Buffer, hint: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      mediaType: BUNDLE_TYPE,
      verificationMaterial: { publicKey: { hint } },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: STATEMENT_TYPE,
        signatures: [{ sig: signature.toString('base64') }],
      },
    }),
  );
}

/**
 * Reads a bundle; nothing is verified.
 * @throws SealerError SIGNATURE_INVALID if it is none, or has other than one signature over an in-toto statement
 */
export function parseBundle(bytes: Buffer): SignedBundle {
  const json = parseJson(bytes);
  const { mediaType, verificationMaterial, dsseEnvelope } = objectOf(json);
  if (typeof mediaType !== 'string' || !isBundleType(mediaType)) throw invalid(`has the type ${String(mediaType)}`);
  const { payload, payloadType, signatures } = objectOf(dsseEnvelope);
  if (typeof payload !== 'string' || payloadType !== STATEMENT_TYPE) throw invalid('has no in-toto statement');
  const [first, ...others] = Array.isArray(signatures) ? signatures : [];
  const { sig } = objectOf(first);
  if (typeof sig !== 'string' || others.length > 0) throw invalid('has other than one signature');
  return {
    payload: Buffer.from(payload, 'base64'),
    payloadType,
    signature: Buffer.from(sig, 'base64'),
    by: 'publicKey' in objectOf(verificationMaterial) ? 'key' : 'certificate',
    json,
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw invalid('is not JSON', cause);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

function invalid(what: string, cause?: unknown): SealerError {
  return new SealerError('SIGNATURE_INVALID', `A sigstore bundle ${what}`, { cause });
}

/** Keys that sign and verify: ECDSA on P-256, as cosign makes and takes them. */

import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { SealerError } from '../../error.ts';
import { isCosignKey, openCosignKey } from './cosign-key.ts';

/**
 * Reads a private key: PEM (PKCS #8 or SEC 1), with or without a passphrase, or cosign's own.
 * @param where how messages call it: a file, or a variable
 * @throws SealerError SIGNING_KEY_INVALID
 */
export async function readPrivateKey(pem: string, passphrase: string | undefined, where: string): Promise<KeyObject> {
  if (isCosignKey(pem)) return checkCurve(await openCosignKey(pem, passphrase ?? ''), where);
  const isEncrypted = /ENCRYPTED/.test(pem);
  if (isEncrypted && passphrase === undefined) {
    throw invalid(`${where} is encrypted, and no passphrase is given`, 'Set SEALER_SIGNING_PASSPHRASE.');
  }
  return checkCurve(
    parse(where, isEncrypted, () => createPrivateKey({ key: pem, passphrase })),
    where,
  );
}

/**
 * Reads a public key, PEM; of a private one that is not encrypted its public part.
 * @throws SealerError SIGNING_KEY_INVALID
 */
export function readPublicKey(pem: string, where: string): KeyObject {
  return checkCurve(
    parse(where, /ENCRYPTED/.test(pem), () => createPublicKey(pem)),
    where,
  );
}

/** What cosign writes beside a signature to tell keys apart: base64 of the SHA-256 of the public key (DER, SPKI). */
export function keyHint(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(der).digest('base64');
}

/** The hash belongs to the curve; with any other, signer and verifier may disagree about it. */
function checkCurve(key: KeyObject, where: string): KeyObject {
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  const what = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'another kind';
  throw invalid(
    `${where} is a key of the kind ${what}; signatures are made with ECDSA on P-256`,
    'Make one with cosign generate-key-pair, or openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256.',
  );
}

function parse(where: string, isEncrypted: boolean, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (cause) {
    const why = isEncrypted ? ': it is damaged, or the passphrase is wrong' : ': it is no PEM of a key';
    throw invalid(`${where} cannot be read${why}`, undefined, cause);
  }
}

function invalid(message: string, hint?: string, cause?: unknown): SealerError {
  return new SealerError('SIGNING_KEY_INVALID', message, { hint, cause });
}

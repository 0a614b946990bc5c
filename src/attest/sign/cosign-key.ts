/** cosign's private keys: PKCS #8 in NaCl's secretbox, under a key that scrypt makes of the passphrase. */

import { createPrivateKey, type KeyObject, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { SealerError } from '../../error.ts';
import { openSecretbox } from './secretbox.ts';

const PEM = /-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----([\s\S]*?)-----END/;
/** What cosign uses is N = 2^15 or 2^16; a file that asks for more asks for our memory. */
const MAX_N = 2 ** 17;

/** Whether a PEM text is a key as `cosign generate-key-pair` writes it. */
export function isCosignKey(pem: string): boolean {
  return PEM.test(pem);
}

/**
 * Opens a key.
 * @throws SealerError SIGNING_KEY_INVALID if it cannot be read, or the passphrase is another
 */
export async function openCosignKey(pem: string, passphrase: string): Promise<KeyObject> {
  const { salt, n, r, p, nonce, ciphertext } = readBox(pem);
  const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);
  const key = await derive(passphrase, salt, 32, { N: n, r, p, maxmem: 256 * n * r });
  const der = openSecretbox(ciphertext, nonce, key);
  if (der === undefined) {
    throw new SealerError('SIGNING_KEY_INVALID', 'The passphrase of the signing key is wrong', {
      hint: 'Set SEALER_SIGNING_PASSPHRASE (or COSIGN_PASSWORD).',
    });
  }
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function readBox(pem: string): {
  readonly salt: Buffer;
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
} {
  try {
    const { kdf, cipher, ciphertext } = JSON.parse(Buffer.from(PEM.exec(pem)?.[1] ?? '', 'base64').toString('utf8'));
    const { N: n, r, p } = kdf.params;
    const isKnown = kdf.name === 'scrypt' && cipher.name === 'nacl/secretbox';
    const isSane = [n, r, p].every(Number.isSafeInteger) && n > 1 && n <= MAX_N && r > 0 && r <= 16 && p > 0 && p <= 4;
    if (!isKnown || !isSane) throw new Error('unknown parameters');
    return {
      ...{ salt: Buffer.from(kdf.salt, 'base64'), n, r, p },
      nonce: Buffer.from(cipher.nonce, 'base64'),
      ciphertext: Buffer.from(ciphertext, 'base64'),
    };
  } catch (cause) {
    throw new SealerError('SIGNING_KEY_INVALID', 'The signing key is no key of cosign', { cause });
  }
}

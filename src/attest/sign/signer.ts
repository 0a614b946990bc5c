/** Who signs statements: a key, or an identity that a workflow proves. */

import { type KeyObject, sign } from 'node:crypto';
import { keyBundle, preAuthEncoding } from '../envelope/bundle.ts';
import { STATEMENT_TYPE } from '../envelope/types.ts';
import { keyHint } from './keys.ts';

export interface Signer {
  /** For people: `key …`, `identity …`. */
  readonly name: string;
  /** The public key, of signers that have one for more than a moment. */
  readonly key?: KeyObject | undefined;
  /**
   * Signs a statement.
   * @returns a sigstore bundle
   */
  sign(statement: Buffer): Promise<Buffer>;
}

/** Signs with a key, without any network: ECDSA over SHA-256, signature in DER, as cosign does it. */
export function keySigner(key: KeyObject): Signer {
  const hint = keyHint(key);
  return {
    name: `key ${hint}`,
    key,
    async sign(statement) {
      const signature = sign('sha256', preAuthEncoding(STATEMENT_TYPE, statement), { key, dsaEncoding: 'der' });
      return keyBundle(statement, signature, hint);
    },
  };
}

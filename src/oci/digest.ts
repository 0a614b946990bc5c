/** Digests: `algorithm:hex`, the names of all content (image-spec 1.1.1, descriptor.md#digests). */

import { createHash, type Hash } from 'node:crypto';
import { SealerError } from '../error.ts';

declare const brand: unique symbol;

/** A checked digest. Once parsed at the border it is trusted to be well-formed. */
export type Digest = string & { readonly [brand]: 'Digest' };

export type Algorithm = 'sha256' | 'sha512';

const HEX_LENGTH: Record<Algorithm, number> = { sha256: 64, sha512: 128 };
const GRAMMAR = /^(?<algorithm>sha256|sha512):(?<hex>[a-f0-9]+)$/;

/** Whether a string is a digest that we can verify. Upper-case hex is not one (image-spec 1.1.1). */
export function isDigest(text: string): text is Digest {
  const groups = GRAMMAR.exec(text)?.groups;
  return groups !== undefined && groups.hex?.length === HEX_LENGTH[groups.algorithm as Algorithm];
}

/**
 * Parses a digest.
 * @throws SealerError INVALID_DIGEST
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new SealerError('INVALID_DIGEST', `"${text}" is not a digest`, {
    hint: 'A digest is sha256: and 64, or sha512: and 128, lower-case hexadecimal digits.',
  });
}

/** The algorithm of a digest. */
export function algorithmOf(digest: Digest): Algorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The hexadecimal part of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The first 12 hexadecimal digits, for people. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}

/** The digest of bytes held in memory. */
export function digestOf(bytes: Uint8Array | string, algorithm: Algorithm = 'sha256'): Digest {
  return finish(createHash(algorithm).update(bytes), algorithm);
}

/** A digest computed as bytes come by. */
export interface Digester {
  update(bytes: Uint8Array): void;
  /** Ends the computation; call it once. */
  digest(): Digest;
}

/** Starts a digest over a stream of bytes. */
export function createDigester(algorithm: Algorithm = 'sha256'): Digester {
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: () => finish(hash, algorithm) };
}

function finish(hash: Hash, algorithm: Algorithm): Digest {
  return `${algorithm}:${hash.digest('hex')}` as Digest;
}

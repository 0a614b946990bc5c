/**
 * Apache's variant of MD5-crypt, what `htpasswd -m` writes (APR-util, crypto/apr_md5.c). Weak by today's measure, but
 * what many files hold.
 */

import { createHash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Which bytes of the digest make each group of four letters. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;
const ROUNDS = 1000;

/**
 * Hashes a password.
 * @param salt at most 8 characters, which is what counts
 * @returns `$apr1$<salt>$<22 characters>`
 */
export function apr1(password: string, salt: string): string {
  const key = Buffer.from(password, 'utf8');
  const seed = Buffer.from(salt.slice(0, 8), 'utf8');
  const alternate = md5(key, seed, key);
  const first: Buffer[] = [key, Buffer.from('$apr1$'), seed];
  for (let left = key.length; left > 0; left -= 16) first.push(alternate.subarray(0, Math.min(16, left)));
  for (let bits = key.length; bits > 0; bits >>= 1) first.push(bits & 1 ? Buffer.of(0) : key.subarray(0, 1));
  let digest = md5(...first);
  for (let round = 0; round < ROUNDS; round++) {
    digest = md5(
      round % 2 === 1 ? key : digest,
      round % 3 === 0 ? Buffer.alloc(0) : seed,
      round % 7 === 0 ? Buffer.alloc(0) : key,
      round % 2 === 1 ? digest : key,
    );
  }
  return `$apr1$${salt.slice(0, 8)}$${encode(digest)}`;
}

function md5(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function encode(digest: Buffer): string {
  const groups = GROUPS.map(([a, b, c]) => letters((at(digest, a) << 16) | (at(digest, b) << 8) | at(digest, c), 4));
  return groups.join('') + letters(at(digest, 11), 2);
}

function letters(bits: number, count: number): string {
  return Array.from({ length: count }, (_, i) => ALPHABET[(bits >> (6 * i)) & 63]).join('');
}

function at(digest: Buffer, index: number): number {
  return digest[index] ?? 0;
}

/**
 * NaCl's secretbox (XSalsa20 and Poly1305), opening only: cosign keeps its private keys in it, and Node.js has none.
 * After D. J. Bernstein, "Extending the Salsa20 nonce" and "The Poly1305-AES message-authentication code". Made for a
 * few hundred bytes; not fast, and compared in constant time.
 */

import { timingSafeEqual } from 'node:crypto';

const TAG_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;

/**
 * Opens a box.
 * @param box 16 bytes of authentication, then the ciphertext
 * @param nonce 24 bytes
 * @param key 32 bytes
 * @returns undefined if the key is another, or the box was altered
 */
export function openSecretbox(box: Buffer, nonce: Buffer, key: Buffer): Buffer | undefined {
  if (box.length < TAG_BYTES || nonce.length !== NONCE_BYTES || key.length !== KEY_BYTES) return undefined;
  const subkey = hsalsa20(key, nonce.subarray(0, 16));
  const ciphertext = box.subarray(TAG_BYTES);
  const stream = salsa20Stream(subkey, nonce.subarray(16), KEY_BYTES + ciphertext.length);
  const tag = poly1305(ciphertext, stream.subarray(0, KEY_BYTES));
  if (!timingSafeEqual(tag, box.subarray(0, TAG_BYTES))) return undefined;
  return Buffer.from(ciphertext.map((byte, i) => byte ^ (stream[KEY_BYTES + i] ?? 0)));
}

/** "expand 32-byte k" */
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/** The quarter rounds of a double round: columns, then rows. */
const QUARTERS = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

function salsaRounds(input: Uint32Array): Uint32Array {
  const x = Uint32Array.from(input);
  const at = (i: number): number => x[i] ?? 0;
  const mix = (to: number, sum: number, bits: number): void => {
    const word = sum >>> 0;
    x[to] = at(to) ^ ((word << bits) | (word >>> (32 - bits)));
  };
  for (let round = 0; round < 10; round++) {
    for (const [a, b, c, d] of QUARTERS) {
      mix(b, at(a) + at(d), 7);
      mix(c, at(b) + at(a), 9);
      mix(d, at(c) + at(b), 13);
      mix(a, at(d) + at(c), 18);
    }
  }
  return x;
}

/** @param middle 16 bytes that stand between the halves of the key: a nonce, or a nonce and a counter */
function salsaInput(key: Buffer, middle: Buffer): Uint32Array {
  const word = (bytes: Buffer, i: number): number => bytes.readUInt32LE(4 * i);
  const low = [0, 1, 2, 3].map((i) => word(key, i));
  const high = [4, 5, 6, 7].map((i) => word(key, i));
  const between = [0, 1, 2, 3].map((i) => word(middle, i));
  return Uint32Array.from([SIGMA[0], ...low, SIGMA[1], ...between, SIGMA[2], ...high, SIGMA[3]]);
}

function hsalsa20(key: Buffer, nonce: Buffer): Buffer {
  const x = salsaRounds(salsaInput(key, nonce));
  return wordsToBytes([0, 5, 10, 15, 6, 7, 8, 9].map((i) => x[i] ?? 0));
}

function salsa20Stream(key: Buffer, nonce: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let block = 0; block * 64 < length; block++) {
    const counter = Buffer.alloc(8);
    counter.writeUInt32LE(block);
    const input = salsaInput(key, Buffer.concat([nonce, counter]));
    const rounds = salsaRounds(input);
    blocks.push(wordsToBytes([...input].map((word, i) => (word + (rounds[i] ?? 0)) >>> 0)));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function wordsToBytes(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * words.length);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word, 4 * i);
  return bytes;
}

const PRIME = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

function poly1305(message: Buffer, key: Buffer): Buffer {
  const r = littleEndian(key.subarray(0, 16)) & CLAMP;
  let sum = 0n;
  for (let i = 0; i < message.length; i += 16) {
    const block = message.subarray(i, i + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % PRIME;
  }
  const tag = (sum + littleEndian(key.subarray(16, 32))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

function littleEndian(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

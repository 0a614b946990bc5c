/** Certificates as Fulcio gives them: for some minutes, for a name, with the issuer of the token in an extension. */

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, der, explicit, implicit, integer, octets, oid, sequence, set, time, truth, utf8 } from './der.ts';

export interface Authority {
  /** DER. */
  readonly certificate: Buffer;
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
}

export interface LeafOptions {
  /** A URI. */
  readonly identity: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A root that signs itself, valid for ten years around now. */
export function makeAuthority(name = 'test authority'): Authority {
  const { privateKey, publicKey } = newKeyPair();
  const years = 5 * 365 * 86_400_000;
  const certificate = make({
    ...{ subject: nameOf(name), issuer: nameOf(name), publicKey, signer: privateKey },
    ...{ notBefore: new Date(Date.now() - years), notAfter: new Date(Date.now() + years) },
    extensions: [
      extension('2.5.29.19', sequence(truth()), true),
      extension('2.5.29.15', der(0x03, Buffer.from([1, 0x06])), true),
      extension('2.5.29.14', octets(keyId(publicKey))),
    ],
  });
  return { certificate, key: privateKey, publicKey };
}

/** A certificate for a public key. */
export function makeLeaf(
  authority: Authority,
  publicKey: KeyObject,
  { identity, issuer, notBefore, notAfter }: LeafOptions,
): Buffer {
  return make({
    ...{ subject: sequence(), issuer: nameOf('test authority'), publicKey, signer: authority.key, notBefore, notAfter },
    extensions: [
      extension('2.5.29.15', der(0x03, Buffer.from([7, 0x80])), true),
      extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3'))),
      extension('2.5.29.35', sequence(implicit(0, keyId(authority.publicKey)))),
      extension('2.5.29.17', sequence(implicit(6, Buffer.from(identity))), true),
      extension('1.3.6.1.4.1.57264.1.8', utf8(issuer)),
    ],
  });
}

/** A key pair as all signers of sigstore have them. */
export function newKeyPair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

export function spki(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

function make(options: {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}): Buffer {
  const { subject, issuer, publicKey, signer, notBefore, notAfter, extensions } = options;
  const content = sequence(
    ...[explicit(0, der(0x02, Buffer.from([2]))), integer(randomBytes(8)), ECDSA_SHA256, issuer],
    ...[sequence(time(notBefore), time(notAfter)), subject, spki(publicKey)],
    explicit(3, sequence(...extensions)),
  );
  return sequence(content, ECDSA_SHA256, bits(sign('sha256', content, signer)));
}

function nameOf(common: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(common))));
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [truth()] : []), octets(value));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(spki(key)).digest();
}

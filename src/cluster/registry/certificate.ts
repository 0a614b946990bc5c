/** X.509 certificates with keys on P-256 (RFC 5280, RFC 5480): an authority of a cluster, and servers that it vouches for. */

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { addressBytes } from './address-bytes.ts';
import { bits, der, integer, octets, oid, sequence, set, TRUE, time, utf8 } from './der.ts';

/** PEM texts. */
export interface KeyPair {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

export interface Validity {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly days: number;
}

/**
 * Makes an authority.
 * @param key its private key if it has one: a new certificate of it vouches for what the old one did
 */
export function makeAuthority(name: string, validity: Validity, key: string = newKey()): KeyPair {
  const extensions = [
    extension('2.5.29.19', sequence(TRUE), true),
    // keyCertSign, cRLSign
    extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true),
    extension('2.5.29.14', octets(keyId(key))),
  ];
  return { certificate: issue({ subject: name, issuer: name, key, signedBy: key, validity, extensions }), key };
}

/**
 * Makes the certificate of a server.
 * @param names DNS names and IP addresses
 */
export function makeServer(authority: KeyPair, issuer: string, names: readonly string[], validity: Validity): KeyPair {
  const key = newKey();
  const extensions = [
    extension('2.5.29.19', sequence(), true),
    // digitalSignature
    extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
    // serverAuth
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', sequence(...names.map(generalName))),
    extension('2.5.29.14', octets(keyId(key))),
    extension('2.5.29.35', sequence(der(0x80, keyId(authority.key)))),
  ];
  const subject = names[0] ?? issuer;
  const certificate = issue({ subject, issuer, key, signedBy: authority.key, validity, extensions });
  return { certificate, key };
}

interface Issue {
  readonly subject: string;
  readonly issuer: string;
  readonly key: string;
  readonly signedBy: string;
  readonly validity: Validity;
  readonly extensions: readonly Buffer[];
}

const DAY_MS = 24 * 3600_000;
/** Clocks of hosts may be behind. */
const BEFORE_MS = DAY_MS;
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
/** X.520 ub-common-name: longer ones are refused by some. */
const MAX_NAME = 64;

function issue({ subject, issuer, key, signedBy, validity, extensions }: Issue): string {
  const { now, days } = validity;
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const content = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer),
    sequence(time(now - BEFORE_MS), time(now + days * DAY_MS)),
    distinguishedName(subject),
    publicKeyOf(key),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', content, signedBy);
  return pem('CERTIFICATE', sequence(content, ECDSA_WITH_SHA256, bits(signature)));
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** SubjectPublicKeyInfo, as it stands in a certificate. */
function publicKeyOf(key: string): Buffer {
  return createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
}

/** RFC 7093 §2: any 160 bits of a hash will do. */
function keyId(key: string): Buffer {
  return createHash('sha256').update(publicKeyOf(key)).digest().subarray(0, 20);
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName.slice(0, MAX_NAME)))));
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [TRUE] : []), octets(value));
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? der(0x82, Buffer.from(name, 'latin1')) : der(0x87, addressBytes(name));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

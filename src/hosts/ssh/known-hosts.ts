/** known_hosts files, as sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT" describes them. */

import { createHmac, timingSafeEqual } from 'node:crypto';

/** A line with a key. */
export interface KnownHost {
  readonly file: string;
  readonly line: number;
  /** `@revoked`: the key must never be accepted. `@cert-authority`: it vouches for others by certificates. */
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** The first field: patterns, or a hashed name. */
  readonly names: string;
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  readonly key: Buffer;
}

/** Reads a file's content. Lines that are not understood are left out, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((line, index) => parseLine(line, { file, line: index + 1 }) ?? []);
}

/** What a host is called in known_hosts: its address, with the port only if it is not 22. */
export function knownName(address: string, port: number): string {
  const host = address.toLowerCase();
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Whether a line is about the host of this name. */
export function isAbout({ names }: KnownHost, name: string): boolean {
  if (names.startsWith('|')) return isHashOf(names, name);
  let isMatch = false;
  for (const pattern of names.split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!matches(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    isMatch = true;
  }
  return isMatch;
}

function parseLine(text: string, place: { file: string; line: number }): KnownHost | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields[0] === '' || fields[0]?.startsWith('#')) return undefined;
  const mark = fields[0]?.startsWith('@') ? fields.shift() : undefined;
  const marker = mark === '@revoked' ? 'revoked' : mark === '@cert-authority' ? 'cert-authority' : undefined;
  if (mark !== undefined && marker === undefined) return undefined;
  const [names, type, base64] = fields;
  if (names === undefined || type === undefined || base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  // The key itself says its type, too; a line where they differ is broken.
  if (keyType(key) !== type) return undefined;
  return { ...place, marker, names, type, key };
}

/** The type that a public key's own bytes name (RFC 4253, 6.6); undefined if they are no key. */
export function keyType(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length > 64 || key.length < 4 + length ? undefined : key.toString('latin1', 4, 4 + length);
}

/** `|1|salt|HMAC-SHA1(salt, name)`, as ssh-keygen -H writes it. */
function isHashOf(names: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = names.split('|');
  if (version !== '1') return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` and `?`; without regular expressions, because a pattern is anybody's. */
function matches(pattern: string, name: string): boolean {
  const text = pattern.toLowerCase();
  let p = 0;
  let n = 0;
  let star = -1;
  let mark = 0;
  while (n < name.length) {
    if (text[p] === '*') {
      star = p++;
      mark = n;
    } else if (p < text.length && (text[p] === '?' || text[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++mark;
    } else return false;
  }
  while (text[p] === '*') p++;
  return p === text.length;
}

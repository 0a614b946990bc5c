/** Private keys for logging in: files in the formats of OpenSSH, PEM (PKCS#1, SEC 1, PKCS#8) and PuTTY. */

import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type ParsedKey } from 'ssh2';
import { isSystemError, SealerError } from '../../error.ts';

/** A key that was read. */
export interface PrivateKey {
  readonly file: string;
  readonly key: ParsedKey;
}

/** A key file of the usual places that could not be used, and why. */
export interface UnusableKey {
  readonly file: string;
  readonly reason: string;
}

/**
 * Reads the key that somebody chose.
 * @param file a path; `~/` is the home folder
 * @throws SealerError SSH_KEY_INVALID naming the file
 */
export async function readPrivateKey(file: string, passphrase: string | undefined, home?: string): Promise<PrivateKey> {
  const path = home !== undefined && file.startsWith('~/') ? join(home, file.slice(2)) : file;
  const text = await readText(path);
  const parsed = parse(text, passphrase);
  if (parsed instanceof Error) throw invalid(path, reasonOf(parsed, passphrase), parsed);
  return { file: path, key: parsed };
}

/** The keys of the usual places that can be read without asking anybody. */
export async function readUsualKeys(
  home: string | undefined,
  passphrase: string | undefined,
): Promise<{ readonly keys: readonly PrivateKey[]; readonly unusable: readonly UnusableKey[] }> {
  const keys: PrivateKey[] = [];
  const unusable: UnusableKey[] = [];
  for (const name of home === undefined ? [] : ['id_ed25519', 'id_ecdsa', 'id_rsa']) {
    const file = join(home ?? '', '.ssh', name);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const parsed = parse(text, passphrase);
    if (parsed instanceof Error) unusable.push({ file, reason: reasonOf(parsed, passphrase) });
    else keys.push({ file, key: parsed });
  }
  return { keys, unusable };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) throw invalid(path, 'there is no such file', error);
    if (isSystemError(error, 'EACCES', 'EISDIR', 'EPERM')) throw invalid(path, 'it cannot be read', error);
    throw error;
  }
}

function parse(text: string, passphrase: string | undefined): ParsedKey | Error {
  const pem = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.exec(text);
  if (pem !== null) {
    if (pem[1] !== undefined && passphrase === undefined) return new Error('no passphrase given');
    return parsePkcs8(text, passphrase);
  }
  // ssh2 has a problem with CRLF and with a missing last line end.
  const parsed: unknown = ssh2.utils.parseKey(`${text.replaceAll('\r\n', '\n').trim()}\n`, passphrase);
  const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error) return key;
  if (!isParsedKey(key)) return new Error('it is of an unknown kind');
  return key.isPrivateKey() ? key : new Error('it is a public key');
}

function isParsedKey(value: unknown): value is ParsedKey {
  return typeof value === 'object' && value !== null && 'isPrivateKey' in value;
}

/** ssh2 does not read PKCS#8: it gets what it reads instead. */
function parsePkcs8(text: string, passphrase: string | undefined): ParsedKey | Error {
  try {
    const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
    switch (key.asymmetricKeyType) {
      case 'rsa':
        return parse(key.export({ format: 'pem', type: 'pkcs1' }).toString(), undefined);
      case 'ec':
        return parse(key.export({ format: 'pem', type: 'sec1' }).toString(), undefined);
      case 'ed25519':
        return parse(opensshEd25519(key), undefined);
      default:
        return new Error(`keys of the kind ${key.asymmetricKeyType} are not supported`);
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** OpenSSH's PROTOCOL.key, without a passphrase. */
function opensshEd25519(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url');
  const publicBlob = Buffer.concat([field('ssh-ed25519'), field(publicKey)]);
  const check = randomBytes(4);
  const secret = field(Buffer.concat([Buffer.from(d, 'base64url'), publicKey]));
  const inner = Buffer.concat([check, check, publicBlob, secret, field('')]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(publicBlob),
    field(Buffer.concat([inner, padding])),
  ]);
  const lines = blob.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function reasonOf(error: Error, passphrase: string | undefined): string {
  const text = error.message;
  if (/no passphrase given/i.test(text)) return 'it has a passphrase, and none was given';
  if (passphrase !== undefined && /integrity|bad decrypt|bad passphrase|decrypt|invalid padding/i.test(text)) {
    return 'the passphrase is wrong';
  }
  if (/public key/.test(text)) return 'it is a public key; the private one has the same name without .pub';
  return /unsupported|not supported/i.test(text)
    ? text.replace(/^Cannot parse privateKey: /, '')
    : 'it is no private key';
}

function invalid(file: string, reason: string, cause: unknown): SealerError {
  return new SealerError('SSH_KEY_INVALID', `The private key ${file} cannot be used: ${reason}`, {
    hint: /passphrase/.test(reason)
      ? 'Give its passphrase (SEALER_SSH_PASSPHRASE, or pkPasswd in the Clusterfile), or load it into an ssh-agent.'
      : 'Name a private key as ssh-keygen makes it.',
    cause,
  });
}

/** The files of credentials: docker's config.json and containers-auth.json(5), which is the same with longer keys. */

import { readFile } from 'node:fs/promises';
import { isSystemError, SealerError } from '../../../error.ts';

export interface AuthEntry {
  readonly auth?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly identitytoken?: unknown;
  readonly registrytoken?: unknown;
}

export interface AuthFile {
  readonly auths: Readonly<Record<string, AuthEntry>>;
  readonly credHelpers: Readonly<Record<string, string>>;
  readonly credsStore: string | undefined;
  /** Everything, for who writes the file again. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface DecodedEntry {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/**
 * Reads a file of credentials; undefined if there is none.
 * @throws SealerError CREDENTIALS_INVALID, PERMISSION
 */
export async function readAuthFile(file: string): Promise<AuthFile | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new SealerError('PERMISSION', `The credentials file ${file} cannot be read`, { cause });
  }
  return text.trim() === '' ? undefined : parseAuthFile(text, file);
}

/**
 * Parses the text of such a file.
 * @param name for errors
 * @throws SealerError CREDENTIALS_INVALID
 */
export function parseAuthFile(text: string, name: string): AuthFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The cause would quote the file, and with it secrets.
    throw broken(name, 'is not JSON');
  }
  if (!isRecord(json)) throw broken(name, 'is not a JSON object');
  const { auths = {}, credHelpers = {}, credsStore } = json;
  if (!isRecord(auths) || !Object.values(auths).every(isRecord)) throw broken(name, 'has "auths" that are no objects');
  if (!isRecord(credHelpers) || !Object.values(credHelpers).every((each) => typeof each === 'string')) {
    throw broken(name, 'has "credHelpers" that are no strings');
  }
  if (credsStore !== undefined && typeof credsStore !== 'string')
    throw broken(name, 'has a "credsStore" that is no string');
  return {
    json,
    auths: auths as Record<string, AuthEntry>,
    credHelpers: credHelpers as Record<string, string>,
    credsStore: credsStore === '' ? undefined : credsStore,
  };
}

/**
 * What an entry says; undefined for an empty one, which docker leaves where a helper has the secret.
 * @throws Error when `auth` is malformed
 */
export function decodeEntry(entry: AuthEntry): DecodedEntry | undefined {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const registryToken = text(entry.registrytoken);
  const identityToken = text(entry.identitytoken);
  const auth = text(entry.auth);
  const pair = auth === undefined ? undefined : decodeAuth(auth);
  const username = text(entry.username) ?? pair?.username;
  // Beside an identity token docker keeps a password that is empty or made up.
  const password = text(entry.password) ?? text(pair?.password);
  if (registryToken === undefined && identityToken === undefined && password === undefined) return undefined;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
}

/** A password may contain colons, a user name may not (RFC 7617). Old docker padded with NUL. */
function decodeAuth(auth: string): { username: string; password: string } {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw new Error('auth has no colon');
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function broken(name: string, what: string): SealerError {
  return new SealerError('CREDENTIALS_INVALID', `The credentials file ${name} ${what}`, {
    hint: 'Mend it, or remove it and log in again: sealer login <registry>.',
  });
}

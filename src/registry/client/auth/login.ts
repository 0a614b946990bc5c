/** Logging in and out: a credential is tried first and written then, where docker would write it. */

import { randomBytes } from 'node:crypto';
import { mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isSystemError, SealerError } from '../../../error.ts';
import { RegistryClient, type RegistryClientOptions } from '../client.ts';
import { fileKey, loginFile, normalizeKey, tildePath } from './credentials.ts';
import { type AuthFile, readAuthFile } from './credentials-file.ts';
import { eraseFromHelper, storeWithHelper } from './credentials-helper.ts';

export interface LoginOptions extends Omit<RegistryClientOptions, 'credentials'> {
  /** As in image names: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Checks a credential against its registry and keeps it, in the file that docker reads too (or $REGISTRY_AUTH_FILE),
 * or in the helper that the file names.
 * @returns where it is kept now, for people
 * @throws SealerError UNAUTHORIZED and nothing is written; REGISTRY_UNREACHABLE, CREDENTIALS_INVALID, PERMISSION
 */
export async function login(options: LoginOptions): Promise<{ kept: string }> {
  const { registry, username, password, env, ...rest } = options;
  const credential = { username, password, source: 'what was typed' };
  await using client = new RegistryClient({ ...rest, env, credentials: { lookup: async () => credential } });
  await client.ping(registry);

  const file = loginFile(env);
  const known = await readAuthFile(file);
  const server = fileKey(registry);
  const helper = helperOf(known, registry);
  if (helper !== undefined) {
    await storeWithHelper(helper, { server, username, password }, env);
    await writeAuths(file, known, withEntry(known, registry, {}));
    return { kept: `docker-credential-${helper}` };
  }
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  await writeAuths(file, known, withEntry(known, registry, { auth }));
  return { kept: tildePath(file, env) };
}

/**
 * Forgets a registry's credential, in the file and in the helper that it names.
 * @returns whether there was one
 * @throws SealerError CREDENTIALS_INVALID, PERMISSION
 */
export async function logout(options: { registry: string; env: NodeJS.ProcessEnv }): Promise<boolean> {
  const { registry, env } = options;
  const file = loginFile(env);
  const known = await readAuthFile(file);
  if (known === undefined) return false;
  const helper = helperOf(known, registry);
  if (helper !== undefined) await eraseFromHelper(helper, fileKey(registry), env);
  const auths = withoutEntry(known, registry);
  const isKnown = Object.keys(auths).length < Object.keys(known.auths).length;
  if (isKnown) await writeAuths(file, known, auths);
  return isKnown || helper !== undefined;
}

function helperOf(file: AuthFile | undefined, registry: string): string | undefined {
  const own = Object.entries(file?.credHelpers ?? {}).find(([key]) => normalizeKey(key) === normalizeKey(registry));
  return own?.[1] ?? file?.credsStore;
}

function withEntry(file: AuthFile | undefined, registry: string, entry: object): Record<string, unknown> {
  return { ...withoutEntry(file, registry), [fileKey(registry)]: entry };
}

function withoutEntry(file: AuthFile | undefined, registry: string): Record<string, unknown> {
  const others = Object.entries(file?.auths ?? {}).filter(([key]) => normalizeKey(key) !== normalizeKey(registry));
  return Object.fromEntries(others);
}

/** Whole or not at all, for nobody else to read, and with all that others keep in the file. */
async function writeAuths(file: string, known: AuthFile | undefined, auths: object): Promise<void> {
  const text = `${JSON.stringify({ ...known?.json, auths }, null, '\t')}\n`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // The file may be a link into a folder of dotfiles; it stays one.
    const target = await realpath(file).catch((error: unknown) => {
      if (isSystemError(error, 'ENOENT')) return file;
      throw error;
    });
    const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
    try {
      await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  } catch (cause) {
    throw new SealerError('PERMISSION', `The credentials file ${file} cannot be written`, { cause });
  }
}

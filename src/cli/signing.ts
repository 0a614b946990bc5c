/** Who signs, by flags and environment: a key from a file or a variable, else the identity of the workflow. */

import { readFile } from 'node:fs/promises';
import type { Signer } from '../attest/index.ts';
import { isSystemError, SealerError } from '../error.ts';

export interface SigningOptions {
  /** A key file; empty or `true`: the key of SEALER_SIGNING_KEY if it is set, else an identity. */
  readonly sign: string | true;
  readonly fetch?: typeof fetch | undefined;
}

/** What commands say of `--sign`. */
export const SIGN_HELP =
  'sign it with a key file (PEM, or of cosign), else with the key in SEALER_SIGNING_KEY, else as the workflow that runs this';

/**
 * Finds the signer. Keys come from files or the environment, passphrases from the environment: never from arguments.
 * @throws SealerError SIGNING_KEY_INVALID, ID_TOKEN_MISSING
 */
export async function openSigner(env: NodeJS.ProcessEnv, options: SigningOptions): Promise<Signer> {
  const { sign, fetch = globalThis.fetch } = options;
  const { getIdentityToken, keylessSigner, keySigner, readPrivateKey, sigstoreEndpoints } = await import(
    '../attest/index.ts'
  );
  const passphrase = env.SEALER_SIGNING_PASSPHRASE ?? env.COSIGN_PASSWORD;
  if (sign !== true && sign !== '') return keySigner(await readPrivateKey(await readKeyFile(sign), passphrase, sign));
  const { SEALER_SIGNING_KEY: key } = env;
  if (key) return keySigner(await readPrivateKey(key, passphrase, 'SEALER_SIGNING_KEY'));
  const token = () => getIdentityToken(env, fetch);
  // Whether there is an identity is told before any work, not after it.
  await token();
  return keylessSigner({ endpoints: sigstoreEndpoints(env, await visibilityOf(env)), token });
}

/**
 * Reads a file with a key.
 * @throws SealerError SIGNING_KEY_INVALID, naming the file
 */
export async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const isAbsent = isSystemError(cause, 'ENOENT');
    const why = isSystemError(cause, 'EISDIR')
      ? 'it is a folder'
      : isAbsent
        ? 'there is no such file'
        : 'no permission';
    throw new SealerError('SIGNING_KEY_INVALID', `The key ${file} cannot be read: ${why}`, { cause });
  }
}

/** Of the repository, as the event of the workflow tells it: what is not public is not to be in a public log. */
async function visibilityOf({ GITHUB_EVENT_PATH: file }: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (!file) return undefined;
  const event: unknown = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
  const { repository } = (event ?? {}) as { readonly repository?: { readonly visibility?: unknown } };
  return typeof repository?.visibility === 'string' ? repository.visibility : undefined;
}

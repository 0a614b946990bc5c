/** The values of secrets: read once, kept in memory, never in the store. */

import { readFile } from 'node:fs/promises';
import { isSystemError, SealerError } from '../../error.ts';
import type { SecretSource } from '../options.ts';

/**
 * Reads all secrets that are given.
 * @throws SealerError SECRET_NOT_FOUND if a file or variable is not there
 */
export async function readSecrets(
  sources: readonly SecretSource[],
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, Buffer>> {
  const secrets = new Map<string, Buffer>();
  for (const source of sources) secrets.set(source.id, await readSecret(source, env));
  return secrets;
}

async function readSecret({ id, file, env: name }: SecretSource, env: NodeJS.ProcessEnv): Promise<Buffer> {
  if (file === undefined) {
    const value = env[name ?? id];
    if (value !== undefined) return Buffer.from(value);
    throw new SealerError('SECRET_NOT_FOUND', `The environment has no ${name ?? id} for the secret ${id}`, {
      hint: 'Set the variable, or give a file: --secret id=…,src=FILE.',
    });
  }
  try {
    return await readFile(file);
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw cause;
    throw new SealerError('SECRET_NOT_FOUND', `The file ${file} of the secret ${id} cannot be read`, {
      cause,
      hint: 'Check its path and permissions.',
    });
  }
}

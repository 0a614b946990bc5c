/** Secrets of a build: masked in the log before anything can print them, and kept in files of this step alone. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretSource } from '../build/index.ts';
import type { BuildInputs, RegistryInputs, SshInputs } from './inputs/index.ts';
import { maskLines } from './mask-lines.ts';

/**
 * Masks every secret that the inputs hold or name.
 * @param mask as `core.setSecret`
 */
export function maskSecrets(inputs: BuildInputs, env: NodeJS.ProcessEnv, mask: (secret: string) => void): void {
  const values = [...Object.values(inputs.secrets), ...Object.values(inputs.secretEnvs).map((name) => env[name] ?? '')];
  for (const value of values) maskLines(value, mask);
  maskLogins(inputs, mask);
}

/** Masks the passwords of `registry-auth`, and what Basic authentication makes of them. */
export function maskLogins({ registryAuth }: RegistryInputs, mask: (secret: string) => void): void {
  for (const { username, password } of registryAuth) {
    maskLines(password, mask);
    mask(Buffer.from(`${username}:${password}`).toString('base64'));
  }
}

/** Masks how one logs in to hosts. */
export function maskSsh({ key, passphrase, password, sudoPassword }: SshInputs, mask: (secret: string) => void): void {
  for (const secret of [key, passphrase, password, sudoPassword]) maskLines(secret ?? '', mask);
}

/** A file for the time of this step, readable by nobody else; disposing removes it. */
export async function placeFile(text: string, temporary: string): Promise<{ readonly file: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(temporary, 'sealer-ssh-'));
  const file = join(folder, 'file');
  await writeFile(file, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 });
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Where the build finds its secrets; disposing removes the files. */
export async function placeSecrets(
  { secrets, secretEnvs, secretFiles }: Pick<BuildInputs, 'secrets' | 'secretEnvs' | 'secretFiles'>,
  temporary: string,
): Promise<{ readonly sources: readonly SecretSource[] } & AsyncDisposable> {
  const values = Object.entries(secrets);
  const named: readonly SecretSource[] = [
    ...Object.entries(secretEnvs).map(([id, env]) => ({ id, env })),
    ...Object.entries(secretFiles).map(([id, file]) => ({ id, file })),
  ];
  if (values.length === 0) return { sources: named, [Symbol.asyncDispose]: async () => {} };
  const folder = await mkdtemp(join(temporary, 'sealer-secrets-'));
  const placed: SecretSource[] = [];
  for (const [i, [id, value]] of values.entries()) {
    const file = join(folder, String(i));
    await writeFile(file, value, { mode: 0o600 });
    placed.push({ id, file });
  }
  return {
    sources: [...placed, ...named],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Credential helpers: programs `docker-credential-<name>` that keep secrets in a keychain or a cloud's session
 * (github.com/docker/docker-credential-helpers).
 */

import { spawn } from 'node:child_process';
import { isSystemError, SealerError } from '../../../error.ts';
import { oneLine } from '../http/failure.ts';

const TIMEOUT = 60_000;
const MAX_OUTPUT = 64 * 1024;
const NOT_FOUND = /credentials not found/i;
/** A user name that says: the secret is an identity token. */
const TOKEN_USER = '<token>';

export interface HelperCredential {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
}

/**
 * Asks a helper for a registry's credential.
 * @param server the registry's key, as login gave it
 * @returns undefined if it has none
 * @throws SealerError CREDENTIALS_INVALID
 */
export async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
): Promise<HelperCredential | undefined> {
  const { code, output } = await run(name, 'get', server, env);
  if (code !== 0) {
    if (NOT_FOUND.test(output)) return undefined;
    throw broken(name, `fails: ${oneLine(output, 200)}`);
  }
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw broken(name, 'answers with what is not JSON');
  }
  if (typeof answer !== 'object' || answer === null) throw broken(name, 'answers with what is not an object');
  const username = 'Username' in answer && typeof answer.Username === 'string' ? answer.Username : '';
  const secret = 'Secret' in answer && typeof answer.Secret === 'string' ? answer.Secret : '';
  if (secret === '') return undefined;
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
}

/**
 * Gives a credential to a helper to keep.
 * @throws SealerError CREDENTIALS_INVALID
 */
export async function storeWithHelper(
  name: string,
  credential: { server: string; username: string; password: string },
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { server, username, password } = credential;
  const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
  const { code, output } = await run(name, 'store', input, env);
  if (code !== 0) throw broken(name, `cannot store: ${oneLine(output, 200).replaceAll(password, '***')}`);
}

/**
 * Makes a helper forget a credential; it is no error if it has none.
 * @throws SealerError CREDENTIALS_INVALID
 */
export async function eraseFromHelper(name: string, server: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { code, output } = await run(name, 'erase', server, env);
  if (code !== 0 && !NOT_FOUND.test(output)) throw broken(name, `cannot erase: ${oneLine(output, 200)}`);
}

/** No shell, and the secret by stdin: neither shows in a list of processes. */
function run(
  name: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  // The name comes from a file; it must not lead out of PATH.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw broken(oneLine(name, 40), 'is not a name');
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, [verb], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    // Not spawn's own timeout: where the program is missing, its timer would keep our process alive.
    const tooLate = setTimeout(() => child.kill(), TIMEOUT);
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_OUTPUT) chunks.push(chunk);
      else child.kill();
    });
    child.on('error', (cause) => {
      clearTimeout(tooLate);
      const why = isSystemError(cause, 'ENOENT') ? 'is not on PATH' : 'cannot be run';
      reject(broken(name, why, cause));
    });
    child.on('close', (code, signal) => {
      clearTimeout(tooLate);
      if (signal !== null) reject(broken(name, `did not end within ${TIMEOUT / 1000} s or said too much`));
      else resolve({ code, output: Buffer.concat(chunks).toString('utf8') });
    });
    // A helper need not read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function broken(name: string, what: string, cause?: unknown): SealerError {
  return new SealerError('CREDENTIALS_INVALID', `The credential helper docker-credential-${name} ${what}`, {
    hint: 'Install it, or remove it from "credHelpers" or "credsStore" of the credentials file.',
    cause,
  });
}

/** The token by which a workflow proves who it is (docs.github.com, OpenID Connect). */

import { SealerError } from '../../error.ts';

/** What sigstore's certificate authority asks to be in the token. */
const AUDIENCE = 'sigstore';
const MAX_TOKEN_BYTES = 64 * 1024;
const TIMEOUT_MS = 30_000;

/**
 * Gets a token: SIGSTORE_ID_TOKEN where it is set (as cosign reads it), else from GitHub, which gives it to jobs with
 * the permission `id-token: write`.
 * @throws SealerError ID_TOKEN_MISSING if there is none; SIGNING_FAILED if GitHub does not answer. The token is in no message
 */
export async function getIdentityToken(env: NodeJS.ProcessEnv, fetch: typeof globalThis.fetch): Promise<string> {
  if (env.SIGSTORE_ID_TOKEN) return env.SIGSTORE_ID_TOKEN;
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!address || !bearer) throw missing(env);
  const url = new URL(address);
  url.searchParams.set('audience', AUDIENCE);
  const token = await ask(url, bearer, fetch);
  if (token !== undefined) return token;
  throw new SealerError('SIGNING_FAILED', 'GitHub gave no identity token', {
    hint: 'Run the job again; githubstatus.com tells of outages.',
  });
}

/** Whether there is somewhere to get a token from. */
export function hasIdentity(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.SIGSTORE_ID_TOKEN || (env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN));
}

async function ask(url: URL, bearer: string, fetch: typeof globalThis.fetch): Promise<string | undefined> {
  try {
    const headers = { Accept: 'application/json', Authorization: `Bearer ${bearer}` };
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = response.ok ? await response.text() : '';
    if (text.length === 0 || text.length > MAX_TOKEN_BYTES) return undefined;
    const { value } = JSON.parse(text);
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    // The reason may hold the address, and that a secret.
    return undefined;
  }
}

function missing(env: NodeJS.ProcessEnv): SealerError {
  if (env.GITHUB_ACTIONS === 'true') {
    return new SealerError(
      'ID_TOKEN_MISSING',
      'This job may not prove who it is, so nothing can be signed without a key',
      {
        hint: 'Add "permissions: id-token: write" to the job (a pull request from a fork cannot have it), or sign with a key.',
      },
    );
  }
  return new SealerError('ID_TOKEN_MISSING', 'There is neither a signing key nor an identity to sign with', {
    hint: 'Name a key (--sign=FILE, or attest sign --key FILE), or set SEALER_SIGNING_KEY; without a key, signing needs a workflow or SIGSTORE_ID_TOKEN.',
  });
}

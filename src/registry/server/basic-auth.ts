/** Who may use the registry: HTTP Basic over an htpasswd file (RFC 7617). */

import { createHmac, randomBytes } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { Htpasswd } from './htpasswd.ts';

/**
 * Lets a request pass, by its Authorization header.
 * @throws ApiError UNAUTHORIZED with a challenge; TOOMANYREQUESTS when too many wait for their check
 */
export type Authenticate = (authorization: string | undefined) => Promise<void>;

/** bcrypt takes some 100 ms of CPU by design, and a client authenticates every request: so a success is remembered. */
const REMEMBER_MS = 5 * 60_000;
const REMEMBER_COUNT = 1000;
/** Checks are one at a time, so that guessing passwords cannot take the CPU from those who are known. */
const QUEUE_LENGTH = 64;

/** @param realm what a browser or `docker login` shows */
export function basicAuth(users: Htpasswd, realm = 'sealer'): Authenticate {
  const remembered = new Map<string, number>();
  // Passwords are remembered as keyed hashes only, under a key that dies with the process.
  const key = randomBytes(32);
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  return async (authorization) => {
    const given = parseBasic(authorization);
    if (given === undefined) throw unauthorized(realm);
    const version = await users.version();
    const token = createHmac('sha256', key).update(`${version}\0${given.user}\0${given.password}`).digest('base64');
    if ((remembered.get(token) ?? 0) > Date.now()) return;
    if (waiting >= QUEUE_LENGTH) {
      throw new ApiError('TOOMANYREQUESTS', 'Too many logins at once', { headers: { 'Retry-After': '1' } });
    }
    waiting++;
    const check = queue.then(() => users.check(given.user, given.password)).finally(() => waiting--);
    queue = check.catch(() => {});
    if (!(await check)) throw unauthorized(realm);
    if (remembered.size >= REMEMBER_COUNT) remembered.clear();
    remembered.set(token, Date.now() + REMEMBER_MS);
  };
}

/** The credentials of a Basic header; the password may have colons, the user may not. */
function parseBasic(authorization: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^basic +(?<token>[A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.groups?.token;
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function unauthorized(realm: string): ApiError {
  return new ApiError('UNAUTHORIZED', 'This registry asks for a user and a password', {
    headers: { 'WWW-Authenticate': `Basic realm="${realm}", charset="UTF-8"` },
  });
}

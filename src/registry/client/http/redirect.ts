/** Redirects, followed by hand: each hop is checked, and our credentials stay with the registry. */

import { SealerError } from '../../../error.ts';
import { checkTarget, guardedLookup } from './address.ts';
import { type Answer, drain, type Wire, type WireRequest } from './wire.ts';

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request and follows redirects.
 * @param origin the registry's own address: only it gets to see `authorization`
 * @throws SealerError UNSAFE_REDIRECT; connection errors as Node gives them
 */
export async function follow(
  wire: Wire,
  request: WireRequest,
  origin: URL,
  authorization: string | undefined,
): Promise<Answer> {
  let url = request.url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const isHome = url.origin === origin.origin;
    const headers = {
      ...request.headers,
      // Who signs URLs (S3) refuses a second credential, and nobody else may see ours.
      ...(isHome && authorization !== undefined ? { Authorization: authorization } : {}),
    };
    const lookup = url.hostname === origin.hostname ? undefined : guardedLookup;
    const answer = await wire.send({ ...request, url, headers, lookup });
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    // 301 to 303 turn other methods into GET, which would lose an upload in silence.
    const keepsMethod = answer.status === 307 || answer.status === 308;
    if (!keepsMethod && request.method !== 'GET' && request.method !== 'HEAD') return answer;
    drain(answer);
    url = resolveLocation(location, url, origin, 'redirects to');
  }
  throw new SealerError('UNSAFE_REDIRECT', `The registry ${origin.host} redirects more than ${MAX_REDIRECTS} times`);
}

/**
 * Where a `Location` leads, relative or absolute. A registry behind a TLS proxy often believes that it is plain http
 * and says so; on its own host https is meant.
 * @throws SealerError UNSAFE_REDIRECT, REGISTRY_ERROR
 */
export function resolveLocation(location: string, base: URL, origin: URL, what: string): URL {
  const target = URL.parse(location, base.href);
  if (target === null) throw new SealerError('REGISTRY_ERROR', `The registry ${origin.host} ${what} what is no URL`);
  const isOwn = target.hostname === origin.hostname && (target.port === '' || target.port === origin.port);
  if (isOwn && target.protocol === 'http:' && origin.protocol === 'https:') {
    target.protocol = 'https:';
    target.port = origin.port;
  }
  target.username = '';
  target.password = '';
  checkTarget(target, origin, what);
  return target;
}

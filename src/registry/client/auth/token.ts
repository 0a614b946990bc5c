/**
 * Bearer tokens: fetched from the token server that a registry names, kept until shortly before they expire, and
 * fetched once however many wait for them (distribution: token authentication, and its OAuth2 variant).
 */

import { SealerError } from '../../../error.ts';
import { untilAborted } from '../http/abort.ts';
import { guardedLookup } from '../http/address.ts';
import { readBody } from '../http/body.ts';
import { failureOf, MAX_ERROR_BYTES, unreachable } from '../http/failure.ts';
import { follow } from '../http/redirect.ts';
import { isTransientStatus, retryAfter, retrying, Transient } from '../http/retry.ts';
import type { Timing } from '../http/timing.ts';
import { type Answer, type Body, drain, type Method, type Wire } from '../http/wire.ts';
import type { Credential } from './credentials.ts';

/** What a token is asked for; equal questions have the same answer. */
export interface TokenRequest {
  readonly registry: string;
  /** The registry's own address. */
  readonly origin: URL;
  /** The token server, already checked against the registry. */
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  /** What an error says about the credential. */
  readonly credentialText: string;
}

export interface TokenWorld {
  readonly wire: Wire;
  readonly timing: Timing;
  readonly userAgent: string;
  /** Milliseconds that a token server may be silent. */
  readonly idle: number;
  /** Ends everything, when the client ends. */
  readonly signal?: AbortSignal | undefined;
}

const CLIENT_ID = 'sealer';
/** Seconds; the token specification's default, and what it forbids servers to go below. */
const SHORTEST_LIFE = 60;
const STATUS_NO_SUCH_METHOD = new Set([404, 405]);

interface Token {
  readonly value: string;
  /** Milliseconds since the epoch; early enough for a request to get there. */
  readonly renewAt: number;
}

/** The tokens of one registry. */
export class Tokens {
  readonly #known = new Map<string, Promise<Token>>();
  readonly #world: TokenWorld;

  constructor(world: TokenWorld) {
    this.#world = world;
  }

  /**
   * A token for the request, from the cache where there is one.
   * @param rejected a token that the registry did not take, and that must not be given again
   * @throws SealerError UNAUTHORIZED, DENIED, RATE_LIMITED, REGISTRY_ERROR, REGISTRY_UNREACHABLE, UNSAFE_REDIRECT
   */
  async get(request: TokenRequest, rejected?: string, signal?: AbortSignal): Promise<string> {
    const key = keyOf(request);
    const known = this.#known.get(key);
    if (known !== undefined) {
      const token = await untilAborted(known, signal);
      if (token.value !== rejected && token.renewAt > this.#world.timing.now()) return token.value;
      // Others may have noticed too, and one of them has already begun to fetch another.
      if (this.#known.get(key) !== known) return await this.get(request, rejected, signal);
    }
    const fetching = fetchToken(request, this.#world);
    this.#known.set(key, fetching);
    fetching.catch(() => {
      if (this.#known.get(key) === fetching) this.#known.delete(key);
    });
    return (await untilAborted(fetching, signal)).value;
  }
}

function keyOf({ realm, service, scopes, credential }: TokenRequest): string {
  return JSON.stringify([realm.href, service, [...scopes].sort(), credential?.source, credential?.username]);
}

async function fetchToken(request: TokenRequest, world: TokenWorld): Promise<Token> {
  const { timing, signal } = world;
  const context = {
    registry: request.registry,
    doing: `get a token from ${request.realm.host}`,
    credential: request.credentialText,
  };
  try {
    return await retrying(
      async () => {
        const answer = await ask(request, world);
        if (answer.status !== 200) {
          const failure = await failureOf(answer, context);
          throw isTransientStatus(answer.status) ? new Transient(failure, retryAfter(answer, timing)) : failure;
        }
        return readToken(await readBody(answer, MAX_ERROR_BYTES, signal), request, timing);
      },
      { timing, signal },
    );
  } catch (error) {
    throw unreachable(error, request.realm.host, context.doing);
  }
}

/** OAuth2 for identity tokens, GET for the rest; each where the other is not known. */
async function ask(request: TokenRequest, world: TokenWorld): Promise<Answer> {
  const byOauth = request.credential?.identityToken !== undefined;
  const first = await (byOauth ? askOauth(request, world) : askPlain(request, world));
  if (!STATUS_NO_SUCH_METHOD.has(first.status) || request.credential === undefined) return first;
  drain(first);
  return await (byOauth ? askPlain(request, world) : askOauth(request, world));
}

async function askPlain(request: TokenRequest, world: TokenWorld): Promise<Answer> {
  const { realm, service, scopes, credential } = request;
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', CLIENT_ID);
  const password = credential?.password ?? credential?.identityToken;
  const authorization = password === undefined ? undefined : basic(credential?.username ?? '<token>', password);
  return await follow(world.wire, wireRequest('GET', url, request, world), realm, authorization);
}

async function askOauth(request: TokenRequest, world: TokenWorld): Promise<Answer> {
  const { realm, service, scopes, credential } = request;
  const form = new URLSearchParams({ client_id: CLIENT_ID, service: service ?? realm.host });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  if (credential?.identityToken !== undefined) {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', credential.identityToken);
  } else {
    form.set('grant_type', 'password');
    form.set('username', credential?.username ?? '');
    form.set('password', credential?.password ?? '');
  }
  const bytes = Buffer.from(form.toString());
  // Not followed anywhere else: the secret is in the body.
  return await world.wire.send(
    wireRequest('POST', realm, request, world, { size: bytes.length, open: () => bytes }, FORM_TYPE),
  );
}

const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };

function wireRequest(
  method: Method,
  url: URL,
  { origin }: TokenRequest,
  world: TokenWorld,
  body?: Body,
  headers: Record<string, string> = {},
) {
  return {
    method,
    url,
    headers: { 'User-Agent': world.userAgent, Accept: 'application/json', ...headers },
    idle: world.idle,
    signal: world.signal,
    lookup: url.hostname === origin.hostname ? undefined : guardedLookup,
    body,
  };
}

/** `Authorization` of RFC 7617. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function readToken(body: Buffer, request: TokenRequest, timing: Timing): Token {
  const broken = (why: string) =>
    new SealerError('REGISTRY_ERROR', `The token server ${request.realm.host} of ${request.registry} answers ${why}`);
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw broken('with what is not JSON');
  }
  if (typeof json !== 'object' || json === null) throw broken('with what is not an object');
  const token = 'token' in json && json.token !== '' ? json.token : undefined;
  const value = token ?? ('access_token' in json ? json.access_token : undefined);
  // A line break would smuggle another header into every request.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw broken('without a token');
  const said = 'expires_in' in json && typeof json.expires_in === 'number' ? json.expires_in : SHORTEST_LIFE;
  const life = Math.max(SHORTEST_LIFE, said);
  return { value, renewAt: timing.now() + (life - Math.min(30, life / 5)) * 1000 };
}

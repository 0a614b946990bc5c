/** What to show one registry with each request: nothing, a password or a token for just this. */

import { checkTarget } from '../http/address.ts';
import { type Challenge, joinScopes } from './challenge.ts';
import type { Credential, Credentials } from './credentials.ts';
import { basic, Tokens, type TokenWorld } from './token.ts';

/** What a request is for. */
export interface Purpose {
  readonly repository?: string | undefined;
  /** `repository:team/app:pull`; empty where no repository is concerned. */
  readonly scopes: readonly string[];
}

/** The authorization of one registry. */
export class Authorizer {
  readonly #registry: string;
  readonly #origin: URL;
  readonly #credentials: Credentials;
  readonly #tokens: Tokens;
  /** Scopes that turned out to be too narrow, with what the registry wanted in their place. */
  readonly #wider = new Map<string, readonly string[]>();
  #challenge: Challenge | undefined;

  constructor(registry: string, origin: URL, credentials: Credentials, world: TokenWorld) {
    this.#registry = registry;
    this.#origin = origin;
    this.#credentials = credentials;
    this.#tokens = new Tokens(world);
  }

  /** Takes note of what the registry asks for, before it refuses anything. */
  learn(challenges: readonly Challenge[]): void {
    this.#challenge = choose(challenges) ?? this.#challenge;
  }

  /**
   * The `Authorization` for a request; undefined while the registry has not asked for one, or where there is none.
   * @throws SealerError as `Tokens.get`, CREDENTIALS_INVALID
   */
  async header(purpose: Purpose, signal?: AbortSignal, rejected?: string): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const credential = await this.#credentials.lookup(this.#registry, purpose.repository);
    if (challenge.scheme === 'basic') {
      if (credential?.password === undefined) return undefined;
      return basic(credential.username ?? '', credential.password);
    }
    if (credential?.registryToken !== undefined) return `Bearer ${credential.registryToken}`;
    const realm = URL.parse(challenge.parameters.realm ?? '');
    if (realm === null) return undefined;
    checkTarget(realm, this.#origin, 'wants tokens from');
    const token = await this.#tokens.get(
      {
        registry: this.#registry,
        origin: this.#origin,
        realm,
        service: challenge.parameters.service,
        scopes: this.#wider.get(purpose.scopes.join(' ')) ?? joinScopes(purpose.scopes),
        credential,
        credentialText: this.#describe(credential),
      },
      rejected?.replace(/^Bearer /, ''),
      signal,
    );
    return `Bearer ${token}`;
  }

  /**
   * What to show instead of what was refused with 401.
   * @param shown what was refused; undefined if nothing was shown
   * @returns undefined if there is nothing else to show
   */
  async renew(
    challenges: readonly Challenge[],
    purpose: Purpose,
    shown: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    this.learn(challenges);
    const wanted = this.#challenge?.parameters.scope;
    // A registry's first challenge often asks for less than the request needs (GHCR: pull, for an upload), so it counts
    // only once ours was not enough.
    if (shown?.startsWith('Bearer ') && wanted !== undefined) {
      this.#wider.set(purpose.scopes.join(' '), joinScopes([...purpose.scopes, wanted]));
    }
    const next = await this.header(purpose, signal, shown);
    return next === shown ? undefined : next;
  }

  /** Where the credential for a repository came from, or that there is none, as a sentence. Never the secret. */
  async describe(repository?: string): Promise<string> {
    return this.#describe(await this.#credentials.lookup(this.#registry, repository));
  }

  #describe(credential: Credential | undefined): string {
    if (credential !== undefined) return `The credential for ${this.#registry} is from ${credential.source}.`;
    const searched = this.#credentials.searched ?? [];
    const places = searched.length === 0 ? '' : ` (looked in ${searched.join(', ')})`;
    return `No credential for ${this.#registry} was found${places}.`;
  }
}

/** Bearer before Basic; others are not known. */
function choose(challenges: readonly Challenge[]): Challenge | undefined {
  const usable = challenges.filter(({ scheme }) => scheme === 'bearer' || scheme === 'basic');
  return usable.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.realm !== undefined) ?? usable[0];
}

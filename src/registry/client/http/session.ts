/** The conversation with one registry: authorization, redirects, patience and warnings around each request. */

import type { Report } from '../../../progress.ts';
import type { Authorizer, Purpose } from '../auth/authorizer.ts';
import { parseChallenges } from '../auth/challenge.ts';
import { failureOf, oneLine, unreachable } from './failure.ts';
import { follow, resolveLocation } from './redirect.ts';
import { isTransientStatus, retryAfter, retrying, Transient } from './retry.ts';
import type { Timing } from './timing.ts';
import { type Answer, type Body, drain, type Method, type Wire } from './wire.ts';

/** One request to a registry. */
export interface Call {
  readonly method: Method;
  /** A path (`/v2/team/app/tags/list?n=100`), or the address of an upload session. */
  readonly target: string | URL;
  /** For errors: `push team/app`. */
  readonly doing: string;
  readonly repository?: string | undefined;
  /** What the token must allow on the repository. Default: pull. */
  readonly actions?: 'pull' | 'pull,push' | 'pull,delete' | undefined;
  /** Further scopes. */
  readonly also?: readonly string[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Body | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of silence, once all is sent, before the connection is given up. */
  readonly idleAfter?: number | undefined;
  /** Whether the call may be made again by itself. Default: yes; no where a caller resumes in its own way. */
  readonly retry?: boolean | undefined;
}

export interface SessionWorld {
  readonly wire: Wire;
  readonly timing: Timing;
  readonly userAgent: string;
  readonly idle: number;
  readonly report: Report;
}

/** A registry that was reached. */
export class Session {
  /** As in the image's name. */
  readonly registry: string;
  readonly origin: URL;
  readonly world: SessionWorld;
  readonly #authorizer: Authorizer;
  readonly #warned = new Set<string>();
  /** Until when the registry asked us to wait, in ms since the epoch. */
  #limitedUntil = 0;

  constructor(registry: string, origin: URL, authorizer: Authorizer, world: SessionWorld) {
    this.registry = registry;
    this.origin = origin;
    this.world = world;
    this.#authorizer = authorizer;
  }

  /**
   * Makes a call; the answer may have any status but those that pass (429, 5xx), which were waited for.
   * @throws SealerError REGISTRY_UNREACHABLE, INSECURE_REGISTRY, RATE_LIMITED, REGISTRY_ERROR, UNAUTHORIZED (of the token
   *   server), UNSAFE_REDIRECT; with `retry: false` a `Transient` or a connection error as Node gives it
   */
  async send(call: Call): Promise<Answer> {
    if (call.retry === false) return await this.#once(call);
    try {
      const { timing } = this.world;
      return await retrying(() => this.#once(call), { timing, signal: call.signal });
    } catch (error) {
      throw this.explain(error, call.doing);
    }
  }

  /**
   * Makes a call that must be answered with one of these statuses.
   * @throws as `send`; SealerError UNAUTHORIZED, DENIED, IMAGE_NOT_FOUND, REGISTRY_ERROR for other answers
   */
  async expect(call: Call, ...statuses: readonly number[]): Promise<Answer> {
    const answer = await this.send(call);
    if (statuses.includes(answer.status)) return answer;
    throw await this.failure(answer, call);
  }

  /** The error for an answer of another status than hoped for. */
  async failure(answer: Answer, call: Pick<Call, 'doing' | 'repository'>): Promise<Error> {
    const credential = await this.#authorizer.describe(call.repository);
    return await failureOf(answer, { registry: this.registry, doing: call.doing, credential });
  }

  /** The error for a connection that broke. */
  explain(error: unknown, doing: string): unknown {
    const reason = error instanceof Transient ? error.error : error;
    return unreachable(reason, this.registry, doing);
  }

  /** The address in an answer's header, checked. */
  locate(location: string, answer: Answer): URL {
    return resolveLocation(location, answer.url, this.origin, 'sends us to');
  }

  async #once(call: Call): Promise<Answer> {
    const answer = await this.#authorized(call);
    this.#heed(answer);
    if (!isTransientStatus(answer.status)) return answer;
    const after = retryAfter(answer, this.world.timing);
    if (answer.status === 429) this.#tellOfLimit(after);
    throw new Transient(await this.failure(answer, call), after);
  }

  async #authorized(call: Call): Promise<Answer> {
    const purpose = purposeOf(call);
    let shown = await this.#authorizer.header(purpose, call.signal);
    // At most three times: without a token, with one that is too narrow or has expired, and with the right one.
    for (let tries = 1; ; tries += 1) {
      const answer = await follow(this.world.wire, this.#request(call), this.origin, shown);
      // Only the registry itself may ask for the registry's credentials.
      if (answer.status !== 401 || answer.url.origin !== this.origin.origin || tries === 3) return answer;
      const challenges = parseChallenges(answer.headers['www-authenticate']);
      const next = await this.#authorizer.renew(challenges, purpose, shown, call.signal).catch((error: unknown) => {
        drain(answer);
        throw error;
      });
      if (next === undefined) return answer;
      drain(answer);
      shown = next;
    }
  }

  #request(call: Call) {
    const { userAgent, idle } = this.world;
    return {
      method: call.method,
      url: new URL(call.target, this.origin),
      headers: { 'User-Agent': userAgent, ...call.headers },
      body: call.body,
      signal: call.signal,
      idle,
      idleAfter: call.idleAfter,
    };
  }

  /** Who waits for a build wants to know what it waits for. Many requests are told of at once; one word is enough. */
  #tellOfLimit(after = 0): void {
    const { timing, report } = this.world;
    if (timing.now() < this.#limitedUntil) return;
    this.#limitedUntil = timing.now() + Math.max(after, 1000);
    const asked = after >= 1000 ? `asks to wait ${Math.round(after / 1000)} s` : 'asks to come back later';
    report({ type: 'note', level: 'warning', message: `${this.registry} limits how often it is asked, and ${asked}` });
  }

  /** `Warning: 299 - "text"` is for the user (distribution-spec 1.1, "Warnings"), once. */
  #heed(answer: Answer): void {
    for (const [, text = ''] of String(answer.headers.warning ?? '').matchAll(/299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g)) {
      const message = oneLine(text.replace(/\\(.)/g, '$1'));
      if (this.#warned.has(message)) continue;
      this.#warned.add(message);
      this.world.report({ type: 'note', level: 'warning', message: `${this.registry}: ${message}` });
    }
  }
}

function purposeOf({ repository, actions = 'pull', also = [] }: Call): Purpose {
  const own = repository === undefined ? [] : [`repository:${repository}:${actions}`];
  return { repository, scopes: [...own, ...also] };
}

/** A small client of the Kubernetes API, for looking: it knows GET and nothing else. */

import type http from 'node:http';
import { SealerError } from '../error.ts';
import { type ClusterAccess, type Endpoint, endpointOf } from './access.ts';
import { connectionError, isReset } from './connection-error.ts';
import { type ApiAnswer, agentOf, exchange } from './exchange.ts';
import { fieldsOf, oneLine, stringOf } from './fields.ts';

export interface ClientOptions {
  /** Ends all requests, those under way too. */
  readonly signal?: AbortSignal | undefined;
  /** `host:port` to connect to instead of the server's own; its certificate must still be for that one. */
  readonly address?: string | undefined;
  /** How long one request may take, in milliseconds. Default: 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Bytes of one answer. Default: 64 MiB; lists are asked for in pages, whose size is far below. */
  readonly limit?: number | undefined;
}

/** A connection to a cluster's API; it keeps sockets until it is disposed. */
export class KubernetesClient implements AsyncDisposable {
  readonly #access: ClusterAccess;
  readonly #endpoint: Endpoint;
  readonly #agent: http.Agent;
  readonly #options: ClientOptions;
  readonly #end = new AbortController();

  /** @throws SealerError KUBECONFIG_INVALID if the server could not be told from an impostor (`endpointOf`) */
  constructor(access: ClusterAccess, options: ClientOptions = {}) {
    this.#access = options.address === undefined ? access : { ...access, address: options.address };
    this.#endpoint = endpointOf(this.#access);
    this.#agent = agentOf(this.#access, this.#endpoint);
    this.#options = options;
  }

  /** `host:port` that is connected to. */
  get authority(): string {
    return this.#endpoint.authority;
  }

  /**
   * A resource or list.
   * @param path from the root of the API: `/api/v1/…`, its segments already encoded
   * @throws SealerError CLUSTER_API_ERROR for any other status than 200, and for an answer that is not JSON;
   *   CLUSTER_UNREACHABLE
   */
  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    const answer = await this.ask(path, signal);
    if (answer.status !== 200) throw apiError(path, answer);
    return parseJson(path, answer.text);
  }

  /**
   * A text: logs, `/readyz`.
   * @throws SealerError as `get`
   */
  async text(path: string, signal?: AbortSignal): Promise<string> {
    const answer = await this.ask(path, signal, 'text/plain, */*');
    if (answer.status !== 200) throw apiError(path, answer);
    return answer.text;
  }

  /**
   * The answer with whatever status it has.
   * @throws SealerError CLUSTER_UNREACHABLE; CLUSTER_API_ERROR for an answer that is too long
   */
  async ask(path: string, signal?: AbortSignal, accept = 'application/json'): Promise<ApiAnswer> {
    const { timeoutMs = 30_000, limit = 64 * 1024 ** 2 } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signals = [this.#end.signal, this.#options.signal, signal, timeout].filter((each) => each !== undefined);
    const { token } = this.#access;
    const headers = {
      Accept: accept,
      'User-Agent': 'sealer',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    };
    const either = AbortSignal.any(signals);
    const once = () => exchange(this.#endpoint, this.#agent, path, { headers, limit, signal: either });
    try {
      return await once().catch((error: unknown) => (isReset(error) ? once() : Promise.reject(error)));
    } catch (error) {
      if (error === timeout.reason) throw this.#tooSlow(timeoutMs);
      throw either.aborted ? error : (connectionError(error, this.authority) ?? error);
    }
  }

  /** Ends requests that are under way, and closes all sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new SealerError('INTERRUPTED', 'The connection to the cluster was closed'));
    this.#agent.destroy();
  }

  #tooSlow(timeoutMs: number): SealerError {
    const seconds = timeoutMs / 1000;
    return new SealerError(
      'CLUSTER_UNREACHABLE',
      `The cluster's API at ${this.authority} takes more than ${seconds} s`,
    );
  }
}

/** What an answer that is no 200 says: the message of its `Status` (kubernetes API conventions), else its text. */
export function saying({ status, text }: ApiAnswer): string {
  const message = stringOf(fieldsOf(tryJson(text))?.message) ?? text;
  const said = oneLine(message, 300);
  return said === '' ? `status ${status}` : `status ${status}: ${said}`;
}

/** An answer as an error. */
export function apiError(path: string, answer: ApiAnswer): SealerError {
  const hint = HINTS[answer.status];
  return new SealerError('CLUSTER_API_ERROR', `The cluster's API answers ${path} with ${saying(answer)}`, { hint });
}

/** @throws SealerError CLUSTER_API_ERROR */
export function parseJson(path: string, text: string): unknown {
  const value = tryJson(text);
  if (value !== undefined) return value;
  throw new SealerError('CLUSTER_API_ERROR', `The cluster's API answers ${path} with something that is not JSON`, {
    hint: 'Does the kubeconfig name a Kubernetes API server?',
  });
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'The cluster does not know the certificate or token of the kubeconfig; take a new kubeconfig.',
  403: 'The user of the kubeconfig may not read this; use one of an administrator.',
};

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

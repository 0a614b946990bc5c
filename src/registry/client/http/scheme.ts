/** First contact with a registry: https, or plain http where that is allowed, and what it wants to see. */

import { type Challenge, parseChallenges } from '../auth/challenge.ts';
import { isLoopback } from './address.ts';
import { isConnectionError, isPlainHttp } from './failure.ts';
import { follow } from './redirect.ts';
import { drain, type Wire } from './wire.ts';

export interface Contact {
  /** `https://registry-1.docker.io/` */
  readonly origin: URL;
  /** What `/v2/` asks for without credentials; none if it asks for nothing. */
  readonly challenges: readonly Challenge[];
  /** Status of `GET /v2/` without credentials. */
  readonly status: number;
}

/** Where a registry is reached: docker.io answers under another name. */
export function hostOf(registry: string): string {
  return registry === 'docker.io' ? 'registry-1.docker.io' : registry;
}

/**
 * Finds out how a registry is reached, by end-1 of the distribution-spec (`GET /v2/`). Plain http is tried only where
 * https fails, and only for this machine itself or where the user allowed it.
 * @throws connection errors as Node gives them, of https if both fail
 */
export async function contact(
  registry: string,
  wire: Wire,
  options: { insecure: boolean; idle: number; signal?: AbortSignal | undefined; headers: Record<string, string> },
): Promise<Contact> {
  const host = hostOf(registry);
  const secure = new URL(`https://${host}/`);
  try {
    return await knock(secure, wire, options);
  } catch (error) {
    if (!(error instanceof Error) || !(options.insecure || isLoopback(host))) throw error;
    if (!isConnectionError(error)) throw error;
    return await knock(new URL(`http://${host}/`), wire, options).catch((second: unknown) => {
      throw isPlainHttp(error) ? second : error;
    });
  }
}

async function knock(
  origin: URL,
  wire: Wire,
  { idle, signal, headers }: { idle: number; signal?: AbortSignal | undefined; headers: Record<string, string> },
): Promise<Contact> {
  const request = { method: 'GET' as const, url: new URL('/v2/', origin), headers, idle, signal };
  const answer = await follow(wire, request, origin, undefined);
  drain(answer);
  const challenges = parseChallenges(answer.headers['www-authenticate']);
  return { origin, challenges: answer.url.origin === origin.origin ? challenges : [], status: answer.status };
}

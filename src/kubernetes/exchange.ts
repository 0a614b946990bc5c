/** One GET over node:https: no redirects, no retries; its answer as a whole, within limits. */

import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import { SealerError } from '../error.ts';
import type { ClusterAccess, Endpoint } from './access.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ExchangeOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Bytes of an answer; a longer one fails with CLUSTER_API_ERROR. */
  readonly limit: number;
}

/** The sockets of a client. Proxies of the environment are not for clusters on this machine, and never used. */
export function agentOf(access: ClusterAccess, endpoint: Endpoint): http.Agent {
  const options = { keepAlive: true, maxSockets: 16, scheduling: 'lifo' as const };
  if (!endpoint.isSecure) return new http.Agent(options);
  const { ca, client } = access;
  const secureContext = createSecureContext({
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    minVersion: 'TLSv1.2',
  });
  return new https.Agent({
    ...options,
    secureContext,
    rejectUnauthorized: access.isInsecure !== true,
    // RFC 6066: an address is no server name; and what is connected to may be another name than what is asked for.
    servername: isIP(endpoint.name) === 0 ? endpoint.name : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(endpoint.name, certificate),
  });
}

/**
 * Asks once.
 * @throws SealerError CLUSTER_API_ERROR for an answer above the limit; the signal's reason; and errors of the connection as
 *   Node.js gives them
 */
export async function exchange(
  endpoint: Endpoint,
  agent: http.Agent,
  path: string,
  { headers, signal, limit }: ExchangeOptions,
): Promise<ApiAnswer> {
  signal.throwIfAborted();
  const { host, port, prefix, isSecure } = endpoint;
  const options = {
    host,
    port,
    path: `${prefix}${path}`,
    headers: { ...headers, Host: endpoint.authority },
    agent,
    signal,
  };
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = isSecure ? https.request(options) : http.request(options);
      outgoing.on('error', reject);
      outgoing.on('response', resolve);
      outgoing.end();
    });
    return { status: answer.statusCode ?? 0, text: await readText(answer, limit) };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function readText(stream: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) {
      throw new SealerError('CLUSTER_API_ERROR', `The cluster's API answers with more than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

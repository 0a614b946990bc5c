/** Whether a registry on a host answers, asked from the host itself: nothing has to be open towards the runner. */

import { get as getPlain, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as getTls } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { Host } from '../../hosts/host.ts';

export interface AnswerOptions {
  readonly port: number;
  /** PEM of the authority; undefined: plain http. */
  readonly authority: string | undefined;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly signal: AbortSignal;
}

/** `ready`: it is our registry and takes the credentials. `other`: something else is at the port, or it is not well. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'silent'; readonly why: string }
  | { readonly kind: 'other'; readonly why: string };

const LOOPBACK = '127.0.0.1';
const ANSWER_MS = 5000;

/** Asks for `/v2/` (distribution-spec end-1). */
export async function askRegistry(host: Host, options: AnswerOptions): Promise<Answer> {
  const { port, authority, credentials } = options;
  let socket: Duplex;
  try {
    socket = await host.forward(LOOPBACK, port);
  } catch (error) {
    options.signal.throwIfAborted();
    return { kind: 'silent', why: messageOf(error) };
  }
  try {
    const status = await statusOf(socket, options);
    if (status === 200) return { kind: 'ready' };
    return { kind: 'other', why: `it answers with status ${status}` };
  } catch (error) {
    options.signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const isOther = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|HPE_|EPROTO)/.test(code);
    return { kind: isOther ? 'other' : 'silent', why: messageOf(error) };
  } finally {
    socket.destroy();
  }

  async function statusOf(through: Duplex, { signal }: AnswerOptions): Promise<number | undefined> {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const headers =
      credentials === undefined
        ? {}
        : {
            Authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
          };
    const request: RequestOptions = { host: LOOPBACK, port, path: '/v2/', headers, signal: timeout };
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const onAnswer = (response: IncomingMessage) => {
      response.resume();
      resolve(response.statusCode);
    };
    // A signal that ends a request ends no TLS handshake.
    through.once('error', reject);
    through.once('close', () => reject(new Error('the connection was closed')));
    timeout.addEventListener('abort', () => reject(timeout.reason), { once: true });
    const call =
      authority === undefined
        ? getPlain({ ...request, createConnection: () => through }, onAnswer)
        : getTls(
            {
              ...request,
              createConnection: () => connect({ socket: through, ca: authority, host: LOOPBACK }).once('error', reject),
            },
            onAnswer,
          );
    call.once('error', reject);
    return await promise;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

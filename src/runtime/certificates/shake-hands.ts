/** The beginning of a TLS connection from a host to somewhere: who is there, and is it who it should be? */

import { connect } from 'node:tls';
import type { Host } from '../../hosts/host.ts';

export interface HandshakeOptions {
  /** PEM of the authority that has to vouch for the other side. Undefined: whoever it is. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 15_000;

/**
 * Shakes hands and hangs up; nothing is sent.
 * @returns the certificate's names as Node.js writes them: `DNS:kubernetes, IP Address:10.0.0.2`
 * @throws what `Host.forward` throws, and what the handshake ends with
 */
export async function shakeHands(
  host: Host,
  address: string,
  port: number,
  { ca, signal }: HandshakeOptions,
): Promise<string> {
  const tunnel = await host.forward(address, port);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const trust = ca === undefined ? { rejectUnauthorized: false } : { ca, checkServerIdentity: () => undefined };
  // No name is asked for: addresses may not be, and there is one certificate for all names.
  const socket = connect({ socket: tunnel, servername: '', ...trust });
  const onAbort = (): void => void socket.destroy(new Error('nobody answers'));
  limit.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket.getPeerCertificate().subjectaltname ?? ''));
      socket.on('error', reject);
      tunnel.on('error', reject);
      // Why it was closed comes after the fact that it was.
      tunnel.once('close', () => setImmediate(reject, new Error('the connection was closed')));
    });
  } finally {
    limit.removeEventListener('abort', onAbort);
    socket.destroy();
    tunnel.destroy();
  }
}

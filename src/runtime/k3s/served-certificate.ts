/** What the API server of a host shows as its certificate. */

import { connect } from 'node:tls';
import type { Host } from '../../hosts/host.ts';

const TIMEOUT_MS = 15_000;

/**
 * Names and addresses that the certificate is for. No name is asked for: k3s adds names that are asked for to it.
 * @throws what `Host.forward` throws, and what the handshake ends with
 */
export async function servedSans(host: Host, port: number, signal: AbortSignal): Promise<readonly string[]> {
  const socket = await host.forward('127.0.0.1', port);
  // Only looked at; nothing is sent.
  const secure = connect({ socket, servername: '', rejectUnauthorized: false });
  const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    return await new Promise<readonly string[]>((resolve, reject) => {
      const abort = (): void => reject(within.reason);
      within.addEventListener('abort', abort, { once: true });
      secure.once('error', reject);
      socket.once('error', reject);
      secure.once('close', () =>
        reject(new Error(`${host.label} closed the connection before it showed a certificate`)),
      );
      secure.once('secureConnect', () => {
        within.removeEventListener('abort', abort);
        resolve(sansIn(secure.getPeerX509Certificate()?.subjectAltName ?? ''));
      });
    });
  } finally {
    secure.destroy();
    socket.destroy();
  }
}

/** Names in `DNS:localhost, IP Address:10.0.0.2`. */
export function sansIn(text: string): readonly string[] {
  return text
    .split(', ')
    .map((each) => each.replace(/^(?:DNS|IP Address):/, ''))
    .filter((name) => name !== '');
}

/** Whether a certificate is for a name or address, however an IPv6 address is written. */
export function holds(sans: readonly string[], wanted: string): boolean {
  const same = (name: string): string => {
    const address =
      name.includes(':') && URL.canParse(`http://[${name}]`) ? new URL(`http://[${name}]`).hostname : name;
    return address.toLowerCase();
  };
  return sans.some((san) => same(san) === same(wanted));
}

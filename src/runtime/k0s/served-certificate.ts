/** What names the API server's certificate on a master is for, as a client sees it. */

import { connect, type TLSSocket } from 'node:tls';
import type { Host } from '../../hosts/host.ts';
import { API_PORT } from './paths.ts';

const TIMEOUT_MS = 15_000;

/** DNS names and addresses, sorted. @throws what hosts throw; an error of TLS */
export async function servedSans(host: Host, signal: AbortSignal): Promise<readonly string[]> {
  const tunnel = await host.forward(host.address, API_PORT);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const onAbort = (): void => void tunnel.destroy(new Error('the API server does not answer'));
  limit.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      // Only its certificate is looked at, nothing is sent.
      const socket: TLSSocket = connect({ socket: tunnel, rejectUnauthorized: false });
      socket.once('secureConnect', () => resolve(namesOf(socket.getPeerCertificate().subjectaltname ?? '')));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the API server closed the connection')));
      tunnel.once('close', () => reject(new Error('the API server closed the connection')));
    });
  } finally {
    limit.removeEventListener('abort', onAbort);
    tunnel.destroy();
  }
}

/** Whether a certificate for these names is for this one as well. */
export function covers(names: readonly string[], san: string): boolean {
  return names.some((name) => name.toLowerCase() === canonical(san));
}

/** `DNS:kubernetes, IP Address:10.0.0.2`. */
export function namesOf(subjectAltName: string): readonly string[] {
  return subjectAltName
    .split(',')
    .map((each) => each.trim().replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '')
    .map(canonical)
    .toSorted();
}

/** An IPv6 address has many spellings. */
function canonical(name: string): string {
  if (!name.includes(':')) return name.toLowerCase();
  const url = `https://[${name}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : name.toLowerCase();
}

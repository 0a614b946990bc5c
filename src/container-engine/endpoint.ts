/** Where a container engine listens. */

import { networkInterfaces } from 'node:os';

/** An address of an engine, as `DOCKER_HOST` has it, and what Node.js needs to connect there. */
export interface Endpoint {
  /** `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375` */
  readonly url: string;
  /** Where we learnt of it, for messages: `$DOCKER_HOST`, `docker context "desktop"`. */
  readonly source: string;
  /** Somebody chose it: if it does not answer, no other one is asked. */
  readonly isChosen: boolean;
}

/** Options of `http.request`. */
export type Connection = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/**
 * How to connect to an engine of this machine.
 * @returns a sentence that says why not, for engines of other machines and for ways of speaking that need a client of
 *   their own (ssh, TLS, Windows pipes)
 */
export function connectionTo(url: string): Connection | string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  switch (parsed?.protocol) {
    case 'unix:':
      return { socketPath: decodeURIComponent(parsed.pathname) };
    case 'tcp:':
    case 'http:':
      if (!isOwnAddress(parsed.hostname)) return `it runs on another machine (${parsed.hostname})`;
      return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port: Number(parsed.port === '' ? 2375 : parsed.port) };
    case 'https:':
      return `it runs on another machine (${parsed.hostname})`;
    case 'ssh:':
      return `it runs on another machine (${parsed.hostname}, over ssh)`;
    case 'npipe:':
      return 'it runs in a virtual machine of Windows';
    default:
      return `its address ${url} is none that is known (unix:///path or tcp://host:port)`;
  }
}

/** Whether a host name or address means this machine. */
export function isOwnAddress(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name === '::1' || /^127(?:\.\d+){3}$/.test(name)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === name));
}

/** What it takes to speak to a cluster's API. */

import { isIP } from 'node:net';
import { SealerError } from '../error.ts';

export interface ClusterAccess {
  /** `https://host:port`, and perhaps a path that all requests start with; no slash at its end. */
  readonly server: string;
  /** `host:port` to connect to instead of the server's own. The certificate is still checked for `serverName`. */
  readonly address?: string;
  /** The name that the certificate has to have. Default: the server's host. */
  readonly serverName?: string;
  /** Certificates (PEM) of the only authorities that are trusted. Default: those that Node.js trusts. */
  readonly ca?: string;
  /** A certificate and its key (PEM) that say who we are. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** A bearer token. */
  readonly token?: string;
  /** Whoever answers is believed. Only for loopback. */
  readonly isInsecure?: boolean;
}

/** Where and how to connect. */
export interface Endpoint {
  readonly isSecure: boolean;
  /** Without brackets, as sockets want it. */
  readonly host: string;
  readonly port: number;
  /** What every path starts with; empty or `/…`. */
  readonly prefix: string;
  /** The host and port as a `Host` header has them. */
  readonly authority: string;
  /** What the certificate has to be for. */
  readonly name: string;
}

/**
 * Works out where to connect.
 * @throws SealerError KUBECONFIG_INVALID for a server that is no URL, or without proof of its identity (plain http, or
 *   verification switched off) and not on this machine: whoever sits between could give any answer and keep the token
 */
export function endpointOf(access: ClusterAccess): Endpoint {
  const server = parseServer(access.server);
  const connect = access.address === undefined ? server : parseServer(`${server.protocol}//${access.address}`);
  const isSecure = server.protocol === 'https:';
  const host = bare(connect.hostname);
  if ((!isSecure || access.isInsecure === true) && !isLoopback(host)) {
    throw new SealerError('KUBECONFIG_INVALID', `${connect.host} would be believed without proof of its identity`, {
      hint: isSecure
        ? 'Give its authority (certificate-authority-data) instead of insecure-skip-tls-verify, which is for loopback only.'
        : 'Use https; plain http is for loopback only.',
    });
  }
  return {
    isSecure,
    host,
    port: Number(connect.port === '' ? (isSecure ? 443 : 80) : connect.port),
    prefix: server.pathname.replace(/\/+$/, ''),
    authority: connect.host,
    name: access.serverName ?? bare(server.hostname),
  };
}

function parseServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new SealerError('KUBECONFIG_INVALID', 'The address of the cluster is not an https:// URL');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new SealerError('KUBECONFIG_INVALID', 'The address of the cluster has credentials or a query in it');
  }
  return url;
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

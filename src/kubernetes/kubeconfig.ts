/**
 * Reads kubeconfig files (kubernetes.io/docs/reference/config-api/kubeconfig.v1). What a message tells never includes
 * what the file has: it is full of secrets.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { load } from 'js-yaml';
import { isSystemError, SealerError } from '../error.ts';
import { type ClusterAccess, endpointOf } from './access.ts';
import { type Fields, fieldsOf, mapsOf, stringOf } from './fields.ts';

export interface KubeconfigOptions {
  /** Where the text is from; for messages, and the folder that paths in it are relative to. */
  readonly file?: string;
  /** Reads a file that the kubeconfig names. Without it, such a kubeconfig is refused. */
  readonly readFile?: (path: string) => string;
}

/** A kubeconfig of a hundred clusters with their certificates has some 500 KB. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * The access that the current context of a kubeconfig gives (YAML or JSON).
 * @throws SealerError KUBECONFIG_INVALID, also for what is not supported: programs that fetch credentials (`exec`,
 *   `auth-provider`), passwords, impersonation, proxies; and for a server that could not be told from an impostor
 */
export function parseKubeconfig(text: string, options: KubeconfigOptions = {}): ClusterAccess {
  try {
    return accessOf(parse(text), options);
  } catch (error) {
    if (!(error instanceof SealerError) || error.at !== undefined || options.file === undefined) throw error;
    const { code, message, hint, cause } = error;
    throw new SealerError(code, message, { hint, cause, at: { file: options.file } });
  }
}

/**
 * Reads a kubeconfig file, and the files that it names.
 * @throws SealerError as `parseKubeconfig`
 */
export function readKubeconfig(file: string): ClusterAccess {
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  return parseKubeconfig(readNamed(resolve(file), 'the kubeconfig', readFile), { file, readFile });
}

function accessOf(config: Fields, options: KubeconfigOptions): ClusterAccess {
  const contextName = stringOf(config['current-context']);
  if (contextName === undefined) {
    throw invalid('The kubeconfig has no current-context', 'Choose one: kubectl config use-context NAME.');
  }
  const context = entry(config, 'contexts', 'context', contextName);
  const cluster = entry(config, 'clusters', 'cluster', stringOf(context.cluster));
  const userName = stringOf(context.user);
  const user = userName === undefined ? {} : entry(config, 'users', 'user', userName);
  refuseUnsupported(cluster, user);
  const server = stringOf(cluster.server);
  if (server === undefined) throw invalid('The cluster of the current context has no server');
  const content = (from: Fields, field: string): string | undefined => contentOf(from, field, options);
  const ca = content(cluster, 'certificate-authority');
  const isInsecure = cluster['insecure-skip-tls-verify'] === true;
  if (isInsecure && ca !== undefined) {
    throw invalid('The cluster has a certificate authority and insecure-skip-tls-verify', 'Remove one of them.');
  }
  const serverName = stringOf(cluster['tls-server-name']);
  const token = tokenOf(user, options);
  const client = clientOf(content(user, 'client-certificate'), content(user, 'client-key'));
  if (ca !== undefined) checkAuthority(ca);
  const access: ClusterAccess = {
    server: server.replace(/\/+$/, ''),
    ...(serverName === undefined ? {} : { serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { client }),
    ...(token === undefined ? {} : { token }),
    ...(isInsecure ? { isInsecure } : {}),
  };
  endpointOf(access);
  return access;
}

function parse(text: string): Fields {
  if (text.length > MAX_CHARACTERS) throw invalid('The kubeconfig is too large to be one');
  if (text.trim() === '') throw invalid('The kubeconfig is empty');
  let value: unknown;
  try {
    value = load(text.replace(/^\uFEFF/, ''), { maxAliases: 100 });
  } catch {
    // The parser's message quotes the line, which may be the one with the key.
    throw invalid('The kubeconfig is not YAML');
  }
  const config = fieldsOf(value);
  if (config === undefined) throw invalid('The kubeconfig is not a map');
  const kind = config.kind ?? 'Config';
  if (kind !== 'Config') throw invalid('The file is of another kind than Config, so it is no kubeconfig');
  return config;
}

/** What a name stands for in one of the three lists. */
function entry(config: Fields, list: string, key: string, name: string | undefined): Fields {
  if (name === undefined) throw invalid(`The current context names no ${key}`);
  const found = mapsOf(config[list]).find((each) => each.name === name);
  const value = fieldsOf(found?.[key]);
  if (value === undefined) throw invalid(`The kubeconfig has no ${key} ${JSON.stringify(name)}`);
  return value;
}

const UNSUPPORTED: readonly { readonly field: string; readonly what: string }[] = [
  { field: 'exec', what: 'fetches its credentials with a program (exec)' },
  { field: 'auth-provider', what: 'fetches its credentials with an auth-provider' },
  { field: 'username', what: 'has a user name and password, which no Kubernetes since 1.19 takes' },
  { field: 'password', what: 'has a user name and password, which no Kubernetes since 1.19 takes' },
  { field: 'as', what: 'acts as somebody else (as)' },
  { field: 'as-uid', what: 'acts as somebody else (as-uid)' },
  { field: 'as-groups', what: 'acts as somebody else (as-groups)' },
];

function refuseUnsupported(cluster: Fields, user: Fields): void {
  const found = UNSUPPORTED.find(({ field }) => user[field] !== undefined && user[field] !== null);
  if (found !== undefined) {
    throw invalid(
      `The user of the current context ${found.what}`,
      'Use a client certificate or a token: kubectl config view --raw --minify shows what there is.',
    );
  }
  if (stringOf(cluster['proxy-url']) !== undefined) {
    throw invalid('The cluster of the current context is behind a proxy (proxy-url)', 'Reach it without one.');
  }
}

/** `field-data` (base64), or the content of the file that `field` names; kubectl prefers the data as well. */
function contentOf(from: Fields, field: string, options: KubeconfigOptions): string | undefined {
  const data = stringOf(from[`${field}-data`]);
  if (data === undefined) {
    const path = stringOf(from[field]);
    return path === undefined ? undefined : namedFile(path, field, options);
  }
  const compact = data.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) throw invalid(`${field}-data is not base64`);
  return Buffer.from(compact, 'base64').toString('utf8');
}

function tokenOf(user: Fields, options: KubeconfigOptions): string | undefined {
  // A token of digits alone is a number to YAML.
  const written = typeof user.token === 'number' ? String(user.token) : stringOf(user.token);
  const path = stringOf(user.tokenFile);
  const token = (written ?? (path === undefined ? undefined : namedFile(path, 'tokenFile', options)))?.trim();
  if (token === undefined || token === '') return undefined;
  // RFC 6750 §2.1; anything else could end the header and begin another.
  if (!/^[\x21-\x7e]+$/.test(token)) throw invalid('The token has characters that no token has');
  return token;
}

function namedFile(path: string, field: string, { file, readFile }: KubeconfigOptions): string {
  if (readFile === undefined) {
    throw invalid(`${field} names a file`, 'Embed it: kubectl config view --raw --flatten.');
  }
  return readNamed(resolve(file === undefined ? '.' : dirname(file), path), `the file of ${field}`, readFile);
}

function readNamed(path: string, what: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) throw cause;
    throw invalid(`${path}, ${what}, cannot be read (${cause.code})`);
  }
}

function clientOf(certificate: string | undefined, key: string | undefined): ClusterAccess['client'] {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw invalid('The user of the current context has a client certificate without its key, or a key alone');
  }
  try {
    createSecureContext({ cert: certificate, key });
  } catch {
    throw invalid('The client certificate and key are damaged, or do not belong together');
  }
  return { certificate, key };
}

function checkAuthority(ca: string): void {
  const certificates = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
    if (certificates.length > 0) return;
  } catch {}
  // With nothing to trust, OpenSSL would say no more than that a certificate is self-signed.
  throw invalid('The certificate authority of the cluster is not a certificate');
}

function invalid(message: string, hint = 'kubectl config view --minify shows what it says.'): SealerError {
  return new SealerError('KUBECONFIG_INVALID', message, { hint });
}

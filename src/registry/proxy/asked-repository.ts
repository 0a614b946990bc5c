/**
 * Which repository a request means, at a registry that stands for all registries.
 *
 * containerd names the registry by `?ns=docker.io`, and its path may begin with that host again, or with how a cluster
 * image writes it in a folder's name (`localhost_5000`), where `hosts.toml` or `registries.yaml` rewrites paths. docker
 * sends no `ns`: then a path without a host is Docker Hub's, as docker's `registry-mirrors` mean it.
 */

import { SealerError } from '../../error.ts';
import { parseRepository, type Reference } from '../../oci/reference.ts';
import { ApiError, type Origin } from '../server/index.ts';

export type Repository = Pick<Reference, 'registry' | 'repository'>;

/**
 * The repository that a request means.
 * @param name the `<name>` of the URL
 * @throws ApiError NAME_INVALID
 */
export function askedRepository(name: string, { namespace }: Pick<Origin, 'namespace'>): Repository {
  const host = namespace === undefined ? undefined : registryOf(namespace);
  const slash = name.indexOf('/');
  const first = unfolded(slash < 0 ? '' : name.slice(0, slash));
  if (host === undefined) return parse(first === undefined ? name : `${first}${name.slice(slash)}`);
  const repeatsHost = first !== undefined && canonicalHost(first) === canonicalHost(host);
  const asked = parse(`${host}/${repeatsHost ? name.slice(slash + 1) : name}`);
  // Completion takes a word without dot or port for the first folder of a path on Docker Hub; a host is none.
  if (asked.registry !== host) throw new ApiError('NAME_INVALID', 'ns is not a registry host');
  return asked;
}

/** One spelling per host: small letters, shortest IPv6, and IPv4 with dots, whatever way it was written. */
export function canonicalHost(host: string): string {
  try {
    // The port of https is no part of it; that of http is, since a registry is one or the other.
    return new URL(`https://${host}`).host;
  } catch {
    return host.toLowerCase();
  }
}

/** Docker Hub goes by several names. */
function registryOf(namespace: string): string {
  return namespace === 'index.docker.io' || namespace === 'registry-1.docker.io' ? 'docker.io' : namespace;
}

/** A host that is the first folder of a path; undefined for what is no host. The inverse of how cluster images write it. */
function unfolded(folder: string): string | undefined {
  const ipv6 = /^ipv6__(?<groups>[0-9a-f]{1,4}(?:-[0-9a-f]{1,4}){7})(?:_(?<port>\d+))?$/.exec(folder)?.groups;
  if (ipv6 !== undefined) return withPort(`[${ipv6.groups?.replaceAll('-', ':')}]`, ipv6.port);
  const { host, port } = /^(?<host>[a-z0-9.-]+)(?:_(?<port>\d+))?$/.exec(folder)?.groups ?? {};
  const isHost = host !== undefined && (host === 'localhost' || host.includes('.') || port !== undefined);
  return isHost ? withPort(host, port) : undefined;
}

function withPort(host: string, port: string | undefined): string {
  return port === undefined ? host : `${host}:${port}`;
}

function parse(text: string): Repository {
  try {
    return parseRepository(text);
  } catch (error) {
    if (error instanceof SealerError) throw new ApiError('NAME_INVALID', 'ns and name do not make an image name');
    throw error;
  }
}

/**
 * containerd's hosts.toml: where the images of a registry are taken from (containerd docs/hosts.md). It is read at every
 * pull, so a change needs no restart.
 */

import type { RegistryAccess, RegistryEndpoint } from '../runtime.ts';

/**
 * A file that lets only the cluster's registry answer for another one: the endpoints in their order, and the first in the
 * place of the original as well, so that nothing ever falls through to the internet. (containerd 1.6 disregards a file with a
 * `server` and no `host`, without a word.)
 * @param folder of the repositories of that registry, as in `docker.io`; undefined: names as they are asked for
 */
export function hostsToml(registry: RegistryAccess, folder: string | undefined): string {
  const [first = NOWHERE] = registry.endpoints;
  const hosts = registry.endpoints.length === 0 ? [NOWHERE] : registry.endpoints;
  return [
    '# Written by sealer.',
    `server = ${quote(urlOf(first, folder))}`,
    ...settings(registry, first, folder),
    ...headers(registry, 'header'),
    ...hosts.flatMap((endpoint) => {
      const table = `host.${quote(urlOf(endpoint, folder))}`;
      return ['', `[${table}]`, ...settings(registry, endpoint, folder), ...headers(registry, `${table}.header`)];
    }),
    '',
  ].join('\n');
}

/** Where nobody listens: a cluster without a registry pulls nothing. */
const NOWHERE: RegistryEndpoint = { scheme: 'https', authority: '127.0.0.1:1' };

/** TOML's basic string. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

function urlOf({ scheme, authority }: RegistryEndpoint, folder: string | undefined): string {
  return folder === undefined ? `${scheme}://${authority}` : `${scheme}://${authority}/v2/${folder}`;
}

/** A plain http endpoint must have no TLS settings at all: with any of them containerd tries https first (hosts.go). */
function settings(
  registry: RegistryAccess,
  { scheme }: RegistryEndpoint,
  folder: string | undefined,
): readonly string[] {
  return [
    'capabilities = ["pull", "resolve"]',
    ...(folder === undefined ? [] : ['override_path = true']),
    ...(scheme === 'https' && registry.caFile !== undefined ? [`ca = ${quote(registry.caFile)}`] : []),
  ];
}

function headers({ credentials }: RegistryAccess, table: string): readonly string[] {
  if (credentials === undefined) return [];
  const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return [`[${table}]`, `authorization = ${quote(`Basic ${basic}`)}`];
}
